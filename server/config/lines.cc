#include "server/config/lines.h"

#include <algorithm>
#include <cstdint>

namespace frontrunner::config {
namespace {

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Bytes of the UTF-8 sequence at the beginning of `text`, 0 if there is none.
size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  size_t length = 0;
  uint32_t code = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    code = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3;
    code = lead & 0x0F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    code = lead & 0x07;
  }
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  // Neither longer than need be, nor half of a surrogate pair, nor too large.
  const bool overlong =
      (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

}  // namespace

Lines::Lines(std::string_view text) : text_(text), starts_{0} {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

Place Lines::At(int line, int column) const {
  if (line < 0 || column < 0) return Place{};
  const size_t start =
      starts_[std::min(static_cast<size_t>(line), starts_.size() - 1)];
  const std::string_view before =
      text_.substr(start, static_cast<size_t>(column));
  const auto characters = std::count_if(
      before.begin(), before.end(), [](char c) { return !IsContinuation(c); });
  return Place{.line = line + 1, .column = static_cast<int>(characters) + 1};
}

Place Lines::AtOffset(size_t offset) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto line = static_cast<int>(after - starts_.begin()) - 1;
  return At(line,
            static_cast<int>(offset - starts_[static_cast<size_t>(line)]));
}

std::optional<size_t> FirstBadByte(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    const bool control =
        (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
    const size_t length = SequenceLength(text.substr(at));
    if (control || length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace frontrunner::config
