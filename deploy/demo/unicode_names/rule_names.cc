#include "deploy/demo/unicode_names/rule_names.h"

#include <array>

namespace unicode_names {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
  /// The name is this and the code point, four digits or more.
  std::string_view prefix;
};

constexpr std::string_view kUnified = "CJK UNIFIED IDEOGRAPH-";
constexpr std::string_view kCompatibility = "CJK COMPATIBILITY IDEOGRAPH-";
constexpr std::string_view kTangut = "TANGUT IDEOGRAPH-";

// Rule NR2: table 4-8 of The Unicode Standard 15.0. The bounds are those of
// the First and Last lines of UnicodeData.txt 15.0.0, and, where it lists the
// characters one by one (Khitan, Nushu, compatibility ideographs), of its first
// and last line of such a name.
constexpr std::array kRanges = {
    Range{0x3400, 0x4DBF, kUnified},  // Extension A
    Range{0x4E00, 0x9FFF, kUnified},  //
    Range{0xF900, 0xFA6D, kCompatibility},
    Range{0xFA70, 0xFAD9, kCompatibility},
    Range{0x17000, 0x187F7, kTangut},
    Range{0x18B00, 0x18CD5, "KHITAN SMALL SCRIPT CHARACTER-"},
    Range{0x18D00, 0x18D08, kTangut},  // Supplement
    Range{0x1B170, 0x1B2FB, "NUSHU CHARACTER-"},
    Range{0x20000, 0x2A6DF, kUnified},  // Extension B
    Range{0x2A700, 0x2B739, kUnified},  // Extension C
    Range{0x2B740, 0x2B81D, kUnified},  // Extension D
    Range{0x2B820, 0x2CEA1, kUnified},  // Extension E
    Range{0x2CEB0, 0x2EBE0, kUnified},  // Extension F
    Range{0x2F800, 0x2FA1D, kCompatibility},
    Range{0x30000, 0x3134A, kUnified},  // Extension G
    Range{0x31350, 0x323AF, kUnified},  // Extension H
};

// Rule NR1: the short names of the jamo (Jamo.txt) that a syllable is made of:
// its leading consonant, its vowel and its trailing consonant, if any.
constexpr uint32_t kFirstSyllable = 0xAC00;
constexpr std::array<std::string_view, 19> kLeading = {
    "G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
    "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
constexpr std::array<std::string_view, 21> kVowel = {
    "A",  "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
    "OE", "YO", "U",  "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
constexpr std::array<std::string_view, 28> kTrailing = {
    "",   "G",  "GG", "GS", "N",  "NJ", "NH", "D", "L",  "LG",
    "LM", "LB", "LS", "LT", "LP", "LH", "M",  "B", "BS", "S",
    "SS", "NG", "J",  "C",  "K",  "T",  "P",  "H"};
constexpr uint32_t kSyllables =
    kLeading.size() * kVowel.size() * kTrailing.size();

std::string HangulName(uint32_t index) {
  std::string name = "HANGUL SYLLABLE ";
  name += kLeading[index / (kVowel.size() * kTrailing.size())];
  name += kVowel[index / kTrailing.size() % kVowel.size()];
  name += kTrailing[index % kTrailing.size()];
  return name;
}

std::string Hex(uint32_t number) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string hex;
  for (int shift = number > 0xFFFF ? 16 : 12; shift >= 0; shift -= 4) {
    hex += kDigits[number >> shift & 0xF];
  }
  return hex;
}

}  // namespace

std::optional<uint32_t> ParseCodePoint(std::string_view text) {
  if (text.substr(0, 2) != "U+") return std::nullopt;
  text.remove_prefix(2);
  if (text.size() < 4 || text.size() > 6) return std::nullopt;
  if (text.size() > 4 && text.front() == '0') return std::nullopt;
  uint32_t code_point = 0;
  for (const char c : text) {
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    code_point = code_point * 16 + digit;
  }
  if (code_point > 0x10FFFF) return std::nullopt;
  return code_point;
}

std::optional<std::string> RuleName(uint32_t code_point) {
  if (code_point >= kFirstSyllable &&
      code_point - kFirstSyllable < kSyllables) {
    return HangulName(code_point - kFirstSyllable);
  }
  for (const Range& range : kRanges) {
    if (code_point >= range.first && code_point <= range.last) {
      return std::string(range.prefix) + Hex(code_point);
    }
  }
  return std::nullopt;
}

}  // namespace unicode_names
