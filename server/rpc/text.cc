#include "server/rpc/text.h"

#include <algorithm>
#include <cstdint>

namespace frontrunner {
namespace {

constexpr std::string_view kDots = "...";

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// The length of the well-formed character that `text` begins with; 0 where it
/// begins with none. `text` is not empty.
size_t CharacterLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  size_t length = 0;
  // The second byte's range keeps out overlong forms, surrogates and what lies
  // above U+10FFFF.
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (second < low || second > high) return 0;
  const std::string_view rest = text.substr(2, length - 2);
  return std::all_of(rest.begin(), rest.end(), IsContinuation) ? length : 0;
}

}  // namespace

std::string CleanUtf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) {
      clean.push_back('?');
      text.remove_prefix(1);
    } else {
      clean.append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return clean;
}

std::string Shorten(std::string_view text, size_t max) {
  if (text.size() <= max) return std::string(text);
  if (max < kDots.size()) return "";
  size_t end = max - kDots.size();
  while (end > 0 && IsContinuation(text[end])) --end;
  std::string shortened(text.substr(0, end));
  shortened.append(kDots);
  return shortened;
}

std::string CleanAndShorten(std::string_view text, size_t max) {
  // One byte more than fits, so that it is seen to be too long, and the rest of
  // a character that begins there.
  if (text.size() > max) text = text.substr(0, std::min(text.size(), max + 4));
  return Shorten(CleanUtf8(text), max);
}

}  // namespace frontrunner
