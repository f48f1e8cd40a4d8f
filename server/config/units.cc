#include "server/config/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/strings.h"

namespace frontrunner::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// Larger first, which is also the order they are allowed in.
constexpr std::array<Unit, 6> kDurationUnits = {{
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
}};

constexpr std::array<Unit, 10> kSizeUnits = {{
    {"", 1},
    {"B", 1},
    {"KiB", 1ULL << 10},
    {"MiB", 1ULL << 20},
    {"GiB", 1ULL << 30},
    {"TiB", 1ULL << 40},
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
}};

/// Cuts the leading run of characters for which `is` holds off `text`.
template <typename Is>
std::string_view TakeWhile(std::string_view& text, Is is) {
  const auto end = std::find_if_not(text.begin(), text.end(), is);
  const auto length = static_cast<size_t>(end - text.begin());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

bool IsDigit(char c) { return absl::ascii_isdigit(c); }
bool IsLetter(char c) { return absl::ascii_isalpha(c); }

std::optional<uint64_t> Multiply(uint64_t number, uint64_t factor,
                                 uint64_t most) {
  if (number > most / factor) return std::nullopt;
  return number * factor;
}

}  // namespace

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  // SimpleAtoi alone would take spaces and signs too.
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit) ||
      !absl::SimpleAtoi(Absl(text), &number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<Duration> ParseDuration(std::string_view text) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (text.empty()) return std::nullopt;
  uint64_t total = 0;
  const auto* allowed = kDurationUnits.begin();
  while (!text.empty()) {
    const auto number = ParseNumber(TakeWhile(text, IsDigit));
    const std::string_view name = TakeWhile(text, IsLetter);
    const auto* unit =
        std::find_if(allowed, kDurationUnits.end(),
                     [name](const Unit& u) { return u.name == name; });
    if (!number || unit == kDurationUnits.end()) return std::nullopt;
    const auto part = Multiply(*number, unit->factor, kMost);
    if (!part || *part > kMost - total) return std::nullopt;
    total += *part;
    allowed = unit + 1;
  }
  return Duration(static_cast<int64_t>(total));
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  const auto number = ParseNumber(TakeWhile(text, IsDigit));
  const auto* unit =
      std::find_if(kSizeUnits.begin(), kSizeUnits.end(),
                   [text](const Unit& u) { return u.name == text; });
  if (!number || unit == kSizeUnits.end()) return std::nullopt;
  return Multiply(*number, unit->factor, std::numeric_limits<uint64_t>::max());
}

std::optional<double> ParseDecimal(std::string_view text) {
  // SimpleAtod alone would take "inf", signs and exponents too.
  const bool plain = !text.empty() && IsDigit(text.front()) &&
                     IsDigit(text.back()) &&
                     std::all_of(text.begin(), text.end(),
                                 [](char c) { return IsDigit(c) || c == '.'; });
  double number = 0;
  if (!plain || !absl::SimpleAtod(Absl(text), &number)) return std::nullopt;
  // Too many digits are infinitely many to it.
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<double> ParseRatio(std::string_view text) {
  if (text.empty() || text.back() != '%') return std::nullopt;
  text.remove_suffix(1);
  const auto percent = ParseDecimal(text);
  if (!percent) return std::nullopt;
  return *percent / 100;
}

std::string DurationText(Duration duration) {
  auto rest = static_cast<uint64_t>(duration.count());
  if (rest == 0) return "0s";
  std::string text;
  for (const Unit& unit : kDurationUnits) {
    if (rest < unit.factor) continue;
    absl::StrAppend(&text, rest / unit.factor, Absl(unit.name));
    rest %= unit.factor;
  }
  return text;
}

std::string SizeText(uint64_t bytes) {
  const Unit* best = nullptr;
  for (const Unit& unit : kSizeUnits) {
    const bool binary =
        unit.factor > 1 && (unit.factor & (unit.factor - 1)) == 0;
    if (binary && bytes > 0 && bytes % unit.factor == 0) best = &unit;
  }
  if (best == nullptr) return absl::StrCat(bytes);
  return absl::StrCat(bytes / best->factor, Absl(best->name));
}

std::string RatioText(double ratio) {
  return absl::StrCat(DecimalText(ratio * 100), "%");
}

std::string DecimalText(double number) {
  std::string text = absl::StrFormat("%.12f", number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace frontrunner::config
