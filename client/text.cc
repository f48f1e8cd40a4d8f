#include "client/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/str_format.h"

namespace frontrunner {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <size_t kSize>
bool Within(const std::array<Range, kSize>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const Range& range) {
    return range.first <= c && c <= range.last;
  });
}

// Controls, and what is invisible or moves other text about.
constexpr std::array<Range, 15> kEscaped = {{{0, 0x1F},
                                             {0x7F, 0x9F},
                                             {0xAD, 0xAD},
                                             {0x61C, 0x61C},
                                             {0x180E, 0x180E},
                                             {0x200B, 0x200F},
                                             {0x2028, 0x202E},
                                             {0x2060, 0x206F},
                                             {0xD800, 0xDFFF},
                                             {0xFDD0, 0xFDEF},
                                             {0xFEFF, 0xFEFF},
                                             {0xFFF0, 0xFFFB},
                                             {0xFFFE, 0xFFFF},
                                             {0xE0000, 0xE0FFF},
                                             {0x10FFFE, 0x10FFFF}}};

// Two columns wide; the blocks that matter, not every character.
constexpr std::array<Range, 13> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xA960, 0xA97F},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1F6FF},
                                          {0x1F900, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};

// Drawn over the character before them.
constexpr std::array<Range, 5> kCombining = {{{0x300, 0x36F},
                                              {0x1AB0, 0x1AFF},
                                              {0x20D0, 0x20FF},
                                              {0xFE00, 0xFE0F},
                                              {0xFE20, 0xFE2F}}};

size_t WidthOf(char32_t c) {
  if (Within(kCombining, c)) return 0;
  return Within(kWide, c) ? 2 : 1;
}

// Takes one character off the front; nullopt, having taken one byte, where it
// is not UTF-8 (overlong forms and surrogates are not).
std::optional<char32_t> TakeCharacter(std::string_view& bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  const size_t length = lead < 0x80             ? 1
                        : (lead & 0xE0) == 0xC0 ? 2
                        : (lead & 0xF0) == 0xE0 ? 3
                        : (lead & 0xF8) == 0xF0 ? 4
                                                : 0;
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
  bool valid = length != 0 && bytes.size() >= length;
  for (size_t i = 1; valid && i < length; ++i) {
    const auto next = static_cast<unsigned char>(bytes[i]);
    valid = (next & 0xC0) == 0x80;
    c = (c << 6) | (next & 0x3F);
  }
  valid = valid && c >= kLeast[length] && c <= 0x10FFFF &&
          (c < 0xD800 || c > 0xDFFF);
  bytes.remove_prefix(valid ? length : 1);
  return valid ? std::optional(c) : std::nullopt;
}

std::string Escape(char32_t c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      return c < 0x80 ? absl::StrFormat("\\x%02x", static_cast<uint32_t>(c))
                      : absl::StrFormat("\\u{%x}", static_cast<uint32_t>(c));
  }
}

}  // namespace

std::string Printable(std::string_view bytes, const SafeText& options) {
  const std::string_view ellipsis = options.unicode ? "…" : "...";
  const size_t ellipsis_columns = options.unicode ? 1 : 3;
  const size_t limit =
      options.max_columns == 0 ? SIZE_MAX : options.max_columns;
  std::string text;
  size_t columns = 0;
  // Where to cut, should the rest prove too long.
  size_t cut = 0;
  while (!bytes.empty()) {
    const std::string_view before = bytes;
    const auto c = TakeCharacter(bytes);
    std::string piece;
    size_t width = 0;
    if (!c) {
      piece = absl::StrFormat("\\x%02x",
                              static_cast<unsigned char>(before.front()));
      width = piece.size();
    } else if (*c == '\\' || Within(kEscaped, *c) ||
               (!options.unicode && *c >= 0x80)) {
      piece = Escape(*c);
      width = piece.size();
    } else {
      piece = before.substr(0, before.size() - bytes.size());
      width = WidthOf(*c);
    }
    if (columns + width > limit) {
      text.resize(cut);
      return text.append(
          ellipsis.substr(0, limit >= ellipsis_columns ? ellipsis.size() : 0));
    }
    text += piece;
    columns += width;
    if (columns + ellipsis_columns <= limit) cut = text.size();
  }
  return text;
}

size_t Columns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const auto c = TakeCharacter(text);
    columns += c ? WidthOf(*c) : 1;
  }
  return columns;
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!TakeCharacter(bytes)) return false;
  }
  return true;
}

}  // namespace frontrunner
