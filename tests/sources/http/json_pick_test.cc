#include "server/sources/http/json_pick.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace frontrunner {
namespace {

/// What is at `pointer`: "KIND text", "(nothing)" or "(wrong)".
std::string Picked(std::string_view text, std::string_view pointer) {
  const auto parsed = JsonPointer::Parse(pointer);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  const auto picked = PickJson(text, *parsed);
  if (!picked.ok()) {
    EXPECT_EQ(picked.status().code(), absl::StatusCode::kInternal);
    return "(wrong)";
  }
  if (!*picked) return "(nothing)";
  constexpr const char* kNames[] = {"null",   "boolean", "number",
                                    "string", "array",   "object"};
  return std::string(kNames[static_cast<int>((*picked)->kind)]) + " " +
         (*picked)->text;
}

std::string Elements(std::string_view text) {
  std::string all;
  const absl::Status status =
      ForEachJsonElement(text, [&](std::string_view element) {
        all.append(element).append(";");
        return true;
      });
  return status.ok() ? all : "(wrong)";
}

TEST(JsonPick, FollowsTheExamplesOfRfc6901) {
  const char* text = R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2,
      "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8})";
  EXPECT_EQ(Picked(text, "/foo"), R"(array ["bar","baz"])");
  EXPECT_EQ(Picked(text, "/foo/0"), "string bar");
  EXPECT_EQ(Picked(text, "/"), "number 0");
  EXPECT_EQ(Picked(text, "/a~1b"), "number 1");
  EXPECT_EQ(Picked(text, "/c%d"), "number 2");
  EXPECT_EQ(Picked(text, "/e^f"), "number 3");
  EXPECT_EQ(Picked(text, "/g|h"), "number 4");
  EXPECT_EQ(Picked(text, "/i\\j"), "number 5");
  EXPECT_EQ(Picked(text, "/k\"l"), "number 6");
  EXPECT_EQ(Picked(text, "/ "), "number 7");
  EXPECT_EQ(Picked(text, "/m~0n"), "number 8");
}

TEST(JsonPick, TheEmptyPointerIsTheWhole) {
  EXPECT_EQ(Picked(R"( {"a" : [ 1 , {"b":null} ] } )", ""),
            R"(object {"a":[1,{"b":null}]})");
  EXPECT_EQ(Picked("\"x\"", ""), "string x");
}

TEST(JsonPick, NumbersStayAsTheyWereWritten) {
  for (const char* number :
       {"0", "-7", "18446744073709551615", "-9223372036854775808",
        "123456789012345678901234567890", "1.10", "1e5", "-0.0",
        "3.14159265358979323846264338327950288"}) {
    EXPECT_EQ(Picked(std::string("[") + number + "]", "/0"),
              std::string("number ") + number);
  }
}

TEST(JsonPick, StringsAreUnescapedAtTheTopAndEscapedInside) {
  EXPECT_EQ(Picked(R"({"a": "\u00e9\n\"\/"})", "/a"), "string é\n\"/");
  EXPECT_EQ(Picked(R"({"a": ["\u00e9\n\"\/"]})", "/a"),
            R"(array ["é\u000a\"/"])");
}

TEST(JsonPick, NothingIsThere) {
  EXPECT_EQ(Picked(R"({"a": 1})", "/b"), "(nothing)");
  EXPECT_EQ(Picked(R"({"a": 1})", "/a/b"), "(nothing)");
  EXPECT_EQ(Picked("[1, 2]", "/2"), "(nothing)");
  EXPECT_EQ(Picked("[1, 2]", "/-"), "(nothing)");
  EXPECT_EQ(Picked("[1, 2]", "/01"), "(nothing)");
  EXPECT_EQ(Picked(R"({"x": {"a": 1}})", "/a"), "(nothing)");
  EXPECT_EQ(Picked("7", "/0"), "(nothing)");
}

TEST(JsonPick, AMemberMayBeNamedLikeANumber) {
  EXPECT_EQ(Picked(R"({"0": {"01": "x"}})", "/0/01"), "string x");
}

TEST(JsonPick, OfTwoMembersOfOneNameTheLastCounts) {
  EXPECT_EQ(Picked(R"({"a": 1, "a": 2})", "/a"), "number 2");
  EXPECT_EQ(Picked(R"({"a": {"b": 1}, "a": {}})", "/a/b"), "(nothing)");
  EXPECT_EQ(Picked(R"({"a": {"b": 1}, "a": {"b": 3}, "c": 4})", "/a/b"),
            "number 3");
  EXPECT_EQ(Picked(R"({"a": 1, "x": {"a": 2}})", "/a"), "number 1");
}

TEST(JsonPick, WhatIsNotJsonIsWrong) {
  for (const char* text :
       {"", "{", "[1,]", "{'a':1}", "nul", "1 2", "[1]]", "\"\xff\"",
        "\"\\ud800\"", "1e999", "[01]", "{\"a\":1", "\"\n\""}) {
    EXPECT_EQ(Picked(text, ""), "(wrong)") << text;
    EXPECT_EQ(Picked(text, "/a"), "(wrong)") << text;
  }
}

TEST(JsonPick, TheRestOfTheTextIsReadToo) {
  EXPECT_EQ(Picked(R"({"a": 1, "b": })", "/a"), "(wrong)");
}

TEST(JsonPick, DepthIsLimited) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(Picked(nested(kMaxJsonDepth), ""),
            "array " + nested(kMaxJsonDepth));
  EXPECT_EQ(Picked(nested(kMaxJsonDepth + 1), ""), "(wrong)");
  EXPECT_EQ(Picked(std::string(1 << 20, '['), ""), "(wrong)");
}

TEST(JsonPick, ElementsComeInOrder) {
  EXPECT_EQ(Elements(R"([1, "a\"", [2, [3]], {"b": [4, "c"]}, null, true])"),
            R"(1;"a\"";[2,[3]];{"b":[4,"c"]};null;true;)");
  EXPECT_EQ(Elements("[]"), "");
}

TEST(JsonPick, OnlyAnArrayHasElements) {
  EXPECT_EQ(Elements(R"({"a": [1]})"), "(wrong)");
  EXPECT_EQ(Elements("1"), "(wrong)");
  EXPECT_EQ(Elements("\"x\""), "(wrong)");
}

TEST(JsonPick, ElementsAreReadUntilOneIsRefused) {
  std::vector<std::string> seen;
  EXPECT_TRUE(ForEachJsonElement("[1,2,3]", [&](std::string_view element) {
                seen.emplace_back(element);
                return seen.size() < 2;
              }).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2"}));
}

TEST(JsonPointer, MustBeginWithASlashAndEscapeWell) {
  EXPECT_FALSE(JsonPointer::Parse("a").ok());
  EXPECT_FALSE(JsonPointer::Parse("/a~").ok());
  EXPECT_FALSE(JsonPointer::Parse("/a~2").ok());
  EXPECT_TRUE(JsonPointer::Parse("").ok());
  EXPECT_EQ(JsonPointer::Parse("/~01")->steps()[0].name, "~1");
}

}  // namespace
}  // namespace frontrunner
