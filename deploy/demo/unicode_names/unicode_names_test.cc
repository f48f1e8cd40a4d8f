// The plugin, loaded as the server loads it, against all that Debian's
// unicode-data has to say.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/base/status.h"
#include "server/sources/computation/plugin.h"

namespace frontrunner {
namespace {

constexpr uint32_t kLastCodePoint = 0x10FFFF;

std::string FieldOf(const std::string& line, int field) {
  std::istringstream fields(line);
  std::string text;
  for (int i = 0; i <= field; ++i) std::getline(fields, text, ';');
  return text;
}

uint32_t HexNumber(const std::string& text) {
  return static_cast<uint32_t>(std::stoul(text, nullptr, 16));
}

/// UnicodeData.txt: the characters with a line each, and the ranges with a
/// First and a Last line.
struct UnicodeData {
  struct Range {
    std::string label;
    uint32_t first;
    uint32_t last;
  };
  UnicodeData() {
    std::ifstream file("/usr/share/unicode/UnicodeData.txt");
    EXPECT_TRUE(file) << "Debian's package unicode-data is missing";
    std::string line;
    while (std::getline(file, line)) {
      const uint32_t code_point = HexNumber(FieldOf(line, 0));
      const std::string name = FieldOf(line, 1);
      if (name.ends_with(", First>")) {
        ranges.push_back({name.substr(1, name.size() - 9), code_point, 0});
      } else if (name.ends_with(", Last>")) {
        ranges.back().last = code_point;
      } else {
        listed[code_point] = name;
      }
    }
  }
  std::map<uint32_t, std::string> listed;
  std::vector<Range> ranges;
};

/// Jamo.txt: the short name of each jamo.
std::map<uint32_t, std::string> ShortNames() {
  std::map<uint32_t, std::string> names;
  std::ifstream file("/usr/share/unicode/Jamo.txt");
  EXPECT_TRUE(file) << "Debian's package unicode-data is missing";
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::string name = FieldOf(line, 1);
    name = name.substr(0, name.find('#'));
    const size_t begin = name.find_first_not_of(' ');
    const size_t end = name.find_last_not_of(' ');
    names[HexNumber(line)] =
        begin == std::string::npos ? "" : name.substr(begin, end - begin + 1);
  }
  return names;
}

/// The names of a range by its label, or nothing for ranges without names.
/// `jamo` is a syllable's decomposition, section 3.12 of the standard.
std::optional<std::string> ExpectedInRange(
    const std::string& label, uint32_t code_point,
    std::map<uint32_t, std::string>& jamo) {
  if (label.starts_with("CJK Ideograph")) {
    return absl::StrFormat("CJK UNIFIED IDEOGRAPH-%X", code_point);
  }
  if (label.starts_with("Tangut Ideograph")) {
    return absl::StrFormat("TANGUT IDEOGRAPH-%X", code_point);
  }
  if (label == "Hangul Syllable") {
    const uint32_t index = code_point - 0xAC00;
    const uint32_t trailing = index % 28;
    return "HANGUL SYLLABLE " + jamo.at(0x1100 + index / 588) +
           jamo.at(0x1161 + index % 588 / 28) +
           (trailing == 0 ? "" : jamo.at(0x11A7 + trailing));
  }
  return std::nullopt;
}

class UnicodeNames : public ::testing::Test {
 protected:
  Outcome Ask(std::string_view key) {
    call_.key = std::string(key);
    return CallGuarded(function_, call_, std::stop_token());
  }
  /// Its answer, "NOT_FOUND: not its kind" for the rest.
  std::string NameOf(std::string_view key) {
    const Outcome outcome = Ask(key);
    return outcome.ok() ? *outcome->bytes : outcome.status().ToString();
  }
  std::string NameOf(uint32_t code_point) {
    return NameOf(absl::StrFormat("U+%04X", code_point));
  }

  static constexpr char kNotItsKind[] = "NOT_FOUND: not its kind";
  CallContext call_;
  ComputeFunction function_ =
      LoadPlugin({.library = UNICODE_NAMES_PLUGIN, .function = "unicode_name"})
          .value();
};

TEST_F(UnicodeNames, EveryCodePointAgreesWithUnicodeData) {
  const UnicodeData data;
  std::map<uint32_t, std::string> jamo = ShortNames();
  std::map<uint32_t, std::string> expected;
  for (const UnicodeData::Range& range : data.ranges) {
    for (uint32_t c = range.first; c <= range.last; ++c) {
      if (auto name = ExpectedInRange(range.label, c, jamo)) {
        expected[c] = *std::move(name);
      }
    }
  }
  EXPECT_EQ(expected.size(), 97046u + 11172u + 6145u);
  const size_t in_ranges = expected.size();
  for (const auto& [c, name] : data.listed) {
    if (name == absl::StrFormat("CJK COMPATIBILITY IDEOGRAPH-%X", c) ||
        name == absl::StrFormat("KHITAN SMALL SCRIPT CHARACTER-%X", c) ||
        name == absl::StrFormat("NUSHU CHARACTER-%X", c)) {
      expected[c] = name;
    }
  }
  EXPECT_EQ(expected.size() - in_ranges, 1014u + 470u + 396u);
  size_t answered = 0;
  for (uint32_t c = 0; c <= kLastCodePoint; ++c) {
    const auto found = expected.find(c);
    if (found == expected.end()) {
      ASSERT_EQ(NameOf(c), kNotItsKind) << std::hex << c;
    } else {
      ASSERT_EQ(NameOf(c), found->second) << std::hex << c;
      ++answered;
    }
  }
  EXPECT_EQ(answered, expected.size());
}

TEST_F(UnicodeNames, SomeThatOneCanReadUpInTheStandard) {
  EXPECT_EQ(NameOf("U+AC00"), "HANGUL SYLLABLE GA");
  EXPECT_EQ(NameOf("U+D4DB"), "HANGUL SYLLABLE PWILH");
  EXPECT_EQ(NameOf("U+4E00"), "CJK UNIFIED IDEOGRAPH-4E00");
  EXPECT_EQ(NameOf("U+2A6DF"), "CJK UNIFIED IDEOGRAPH-2A6DF");
  EXPECT_EQ(NameOf("U+1F3C1"), kNotItsKind);
}

TEST_F(UnicodeNames, OnlyOneSpellingOfACodePointIsTaken) {
  for (const char* key :
       {"", "U+", "4E00", "U+4e00", "u+4E00", "U+4E0", "U+04E00", "U+004E00",
        "U+0004E00", "U+4E00 ", " U+4E00", "U+4E0G", "U+110000", "U+4E00\n",
        "U-4E00", "0x4E00", "U+FFFFFFFF4E00", "U++4E0", "U+-4E0"}) {
    EXPECT_EQ(NameOf(key), kNotItsKind) << key;
  }
  EXPECT_EQ(NameOf(std::string("U+4E00\0", 7)), kNotItsKind);
}

}  // namespace
}  // namespace frontrunner
