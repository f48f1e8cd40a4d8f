#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"

namespace frontrunner::demo {

/// The code point of "U+1F3C1": "U+", then 4 to 6 hexadecimal digits, at most
/// 10FFFF. Anything else is nullopt.
std::optional<uint32_t> ParseCodePoint(std::string_view text);

/// The character names that UnicodeData.txt lists one by one. Names which it
/// gives only as a range ("<CJK Ideograph, First>") follow from a rule and are
/// not here; control characters ("<control>") have no name. Immutable, so any
/// thread may read it.
class NamesTable {
 public:
  /// Reads the file; NOT_FOUND where it can't be opened, INVALID_ARGUMENT (with
  /// the line number) where it does not look like UnicodeData.txt.
  static absl::StatusOr<NamesTable> FromFile(const std::string& path);
  static absl::StatusOr<NamesTable> FromStream(std::istream& lines);

  /// Null where no name is listed. Valid as long as the table.
  const std::string* Find(uint32_t code_point) const;

  size_t size() const { return names_.size(); }

 private:
  std::unordered_map<uint32_t, std::string> names_;
};

}  // namespace frontrunner::demo
