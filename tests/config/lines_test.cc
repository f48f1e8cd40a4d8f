#include "server/config/lines.h"

#include <gtest/gtest.h>

#include <string>

namespace frontrunner::config {
namespace {

using std::string_literals::operator""s;

TEST(Lines, CountFromOne) {
  const Lines lines("ab\ncd\n");
  EXPECT_EQ(lines.At(0, 0).line, 1);
  EXPECT_EQ(lines.At(0, 0).column, 1);
  EXPECT_EQ(lines.At(1, 1).line, 2);
  EXPECT_EQ(lines.At(1, 1).column, 2);
}

TEST(Lines, CountCharactersRatherThanBytes) {
  const Lines lines("x\näöü: 1");
  EXPECT_EQ(lines.At(1, 6).column, 4);
}

TEST(Lines, FindTheLineOfAnOffset) {
  const Lines lines("ab\n\ncd");
  EXPECT_EQ(lines.AtOffset(1).line, 1);
  EXPECT_EQ(lines.AtOffset(3).line, 2);
  EXPECT_EQ(lines.AtOffset(5).line, 3);
  EXPECT_EQ(lines.AtOffset(5).column, 2);
}

TEST(Lines, AreNowhereForAPlaceThatIsNone) {
  EXPECT_EQ(Lines("ab").At(-1, -1).line, 0);
}

TEST(FirstBadByte, IsNoneInUtf8) {
  EXPECT_EQ(FirstBadByte(""), std::nullopt);
  EXPECT_EQ(FirstBadByte("a\tb\r\nc"), std::nullopt);
  EXPECT_EQ(FirstBadByte("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x8F\x81"),
            std::nullopt);
}

TEST(FirstBadByte, IsTheFirstThatIsNotUtf8) {
  for (const char* bad :
       {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
        "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "\xE2\x82", "\xC3("}) {
    EXPECT_EQ(FirstBadByte("ab"s + bad), 2U) << bad;
  }
}

TEST(FirstBadByte, IsAControlCharacterToo) {
  EXPECT_EQ(FirstBadByte("ab\0"s), 2U);
  EXPECT_EQ(FirstBadByte("ab\x04"s), 2U);
  EXPECT_EQ(FirstBadByte("ab\x1B"s), 2U);
  EXPECT_EQ(FirstBadByte("ab\x7F"s), 2U);
}

}  // namespace
}  // namespace frontrunner::config
