#include "client/text.h"

#include <gtest/gtest.h>

#include <string>

namespace frontrunner {
namespace {

TEST(Text, WhatIsPlainStaysAsItIs) {
  EXPECT_EQ(Printable("CHEQUERED FLAG"), "CHEQUERED FLAG");
  EXPECT_EQ(Printable("naïve → 한 🏁"), "naïve → 한 🏁");
}

TEST(Text, ControlCharactersAreEscaped) {
  EXPECT_EQ(Printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(Printable(std::string("\0\x1b[2J\x7f", 6)), "\\x00\\x1b[2J\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\u{9b}");  // CSI in one character
}

TEST(Text, WhatTurnsTheWritingRoundIsEscaped) {
  EXPECT_EQ(Printable("a\u202Eb\u2066c\u200Fd"),
            "a\\u{202e}b\\u{2066}c\\u{200f}d");
  EXPECT_EQ(Printable("\u2028\uFEFF"), "\\u{2028}\\u{feff}");
}

TEST(Text, ABackslashIsDoubledSoThatEscapesAreTrue) {
  EXPECT_EQ(Printable("\\n"), "\\\\n");
}

TEST(Text, BytesThatAreNotUtf8AreEscapedOneByOne) {
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a\\xffb");
  EXPECT_EQ(Printable("\xe2\x82"), "\\xe2\\x82");           // cut off
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Text, WithoutUnicodeEverythingElseIsEscaped) {
  EXPECT_EQ(Printable("é🏁", {.unicode = false}), "\\u{e9}\\u{1f3c1}");
}

TEST(Text, TooLongATextIsCutAtACharacter) {
  EXPECT_EQ(Printable("abcdef", {.max_columns = 6}), "abcdef");
  EXPECT_EQ(Printable("abcdefg", {.max_columns = 6}), "abcde…");
  EXPECT_EQ(Printable("abcdefg", {.unicode = false, .max_columns = 6}),
            "abc...");
  // Wide characters and escapes are not cut in two.
  EXPECT_EQ(Printable("한한한", {.max_columns = 4}), "한…");
  EXPECT_EQ(Printable("ab\ncd", {.max_columns = 4}), "ab…");
}

TEST(Text, ColumnsCountWhatATerminalShows) {
  EXPECT_EQ(Columns("abc"), 3);
  EXPECT_EQ(Columns("한🏁"), 4);
  EXPECT_EQ(Columns("e\u0301"), 1);
  EXPECT_EQ(Columns("▏▆▆"), 3);
}

TEST(Text, Utf8IsTold) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("한"));
  EXPECT_FALSE(IsUtf8("\xff"));
}

}  // namespace
}  // namespace frontrunner
