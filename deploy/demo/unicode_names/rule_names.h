#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unicode_names {

/// The code point that "U+1F3C1" spells: upper-case, four to six digits, no
/// more zeros in front than four digits need, at most U+10FFFF.
std::optional<uint32_t> ParseCodePoint(std::string_view text);

/// The name of a character that Unicode 15.0 names by rule instead of one by
/// one (The Unicode Standard, section 4.8, rules NR1 and NR2): Hangul
/// syllables, and ideographs and characters named after their code point.
std::optional<std::string> RuleName(uint32_t code_point);

}  // namespace unicode_names
