#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frontrunner {

/// Bytes from elsewhere, made safe to print on a terminal or in a line of text.
struct SafeText {
  /// False: whatever is not ASCII is escaped too.
  bool unicode = true;
  /// Columns at most; what is longer ends with "…" ("..." without unicode).
  /// 0: no limit.
  size_t max_columns = 0;
};

/// Control characters, what changes the direction of writing, invisible
/// characters and line separators become escapes (\n, \t, \x1b, \u{202e}), as
/// do bytes that are not UTF-8 (\xff). A backslash becomes two.
std::string Printable(std::string_view bytes, const SafeText& options = {});

/// Columns that a Printable text takes on a terminal.
size_t Columns(std::string_view text);

bool IsUtf8(std::string_view bytes);

}  // namespace frontrunner
