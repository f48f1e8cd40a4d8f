#include "server/sources/http/freshness_headers.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

/// More than anyone waits for; keeps sums of durations in range.
constexpr uint64_t kMostSeconds = 10ULL * 365 * 24 * 3600;

std::optional<Duration> Seconds(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   absl::ascii_isdigit);
  if (!digits) return std::nullopt;
  uint64_t seconds = 0;
  // Too many digits are as good as the most.
  if (!absl::SimpleAtoi(text, &seconds)) seconds = kMostSeconds;
  return std::chrono::seconds(std::min(seconds, kMostSeconds));
}

}  // namespace

void FreshnessHeaders::AddCacheControl(std::string_view value) {
  for (absl::string_view directive : absl::StrSplit(Absl(value), ',')) {
    directive = absl::StripAsciiWhitespace(directive);
    const size_t equals = directive.find('=');
    const absl::string_view name =
        absl::StripAsciiWhitespace(directive.substr(0, equals));
    const absl::string_view argument = equals == absl::string_view::npos
                                           ? absl::string_view()
                                           : directive.substr(equals + 1);
    if (absl::EqualsIgnoreCase(name, "no-store") ||
        absl::EqualsIgnoreCase(name, "no-cache") ||
        absl::EqualsIgnoreCase(name, "private")) {
      never_ = true;
    } else if (absl::EqualsIgnoreCase(name, "max-age")) {
      max_age_ = Seconds(argument);
    } else if (absl::EqualsIgnoreCase(name, "s-maxage")) {
      shared_max_age_ = Seconds(argument);
    }
  }
}

void FreshnessHeaders::AddAge(std::string_view value) {
  age_ = std::max(age_, Seconds(Absl(value)).value_or(Duration(0)));
}

std::optional<Duration> FreshnessHeaders::fresh_for() const {
  if (never_) return Duration(0);
  const std::optional<Duration> most =
      shared_max_age_ ? shared_max_age_ : max_age_;
  if (!most) return std::nullopt;
  return std::max(*most - age_, Duration(0));
}

}  // namespace frontrunner
