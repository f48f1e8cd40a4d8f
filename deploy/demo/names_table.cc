#include "deploy/demo/names_table.h"

#include <charconv>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace frontrunner::demo {
namespace {

constexpr uint32_t kLastCodePoint = 0x10FFFF;

std::optional<uint32_t> ParseHex(std::string_view digits) {
  if (digits.size() < 4 || digits.size() > 6) return std::nullopt;
  uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      number > kLastCodePoint) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::optional<uint32_t> ParseCodePoint(std::string_view text) {
  if (!text.starts_with("U+")) return std::nullopt;
  return ParseHex(text.substr(2));
}

absl::StatusOr<NamesTable> NamesTable::FromFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(
        "cannot read ", path, " (Debian has it in the package unicode-data)"));
  }
  return FromStream(file);
}

absl::StatusOr<NamesTable> NamesTable::FromStream(std::istream& lines) {
  NamesTable table;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    const std::string_view text = line;
    const size_t first = text.find(';');
    const size_t second =
        first == text.npos ? text.npos : text.find(';', first + 1);
    const auto code_point = ParseHex(text.substr(0, first));
    if (second == text.npos || !code_point) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " is not a line of UnicodeData.txt"));
    }
    const std::string_view name = text.substr(first + 1, second - first - 1);
    // "<control>" and the ends of ranges are no names.
    if (name.empty() || name.front() == '<') continue;
    table.names_.emplace(*code_point, name);
  }
  return table;
}

const std::string* NamesTable::Find(uint32_t code_point) const {
  const auto found = names_.find(code_point);
  return found == names_.end() ? nullptr : &found->second;
}

}  // namespace frontrunner::demo
