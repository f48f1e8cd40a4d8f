#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace frontrunner::config {

/// A place in the file, both from 1, the column in characters; 0 for none.
struct Place {
  int line = 0;
  int column = 0;
};

/// Where bytes of a text are, for people.
class Lines {
 public:
  /// `text` outlives this.
  explicit Lines(std::string_view text);

  /// Of the byte `column` of line `line`, both from 0, as YAML parsers count.
  Place At(int line, int column) const;

  /// Of the byte at `offset`.
  Place AtOffset(size_t offset) const;

 private:
  std::string_view text_;
  std::vector<size_t> starts_;
};

/// The offset of the first byte that has no place in a configuration file: one
/// that is not UTF-8, or a control character other than tab and line end.
std::optional<size_t> FirstBadByte(std::string_view text);

}  // namespace frontrunner::config
