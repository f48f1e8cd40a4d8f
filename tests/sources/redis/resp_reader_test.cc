#include "server/sources/redis/resp_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "server/sources/redis/resp_command.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using Lines = std::vector<std::string>;

std::string Describe(const CacheReply& reply) {
  static const char* const kNames[] = {"?",    "status", "error", "integer",
                                       "bulk", "nil",    "array", "too large"};
  return std::string(kNames[reply.kind]) + " " + std::string(reply.line) +
         std::string(reply.body);
}

/// Takes out what is whole; the end of a broken stream is "broken".
void Drain(RespReader& reader, Lines& lines) {
  for (;;) {
    auto reply = reader.Next();
    if (!reply.ok()) {
      lines.push_back("broken");
      return;
    }
    if (!reply->has_value()) return;
    lines.push_back(Describe(**reply));
  }
}

Lines Read(std::string_view bytes, size_t step, size_t cap = 100) {
  RespReader reader(cap);
  Lines lines;
  while (!bytes.empty()) {
    reader.Feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    Drain(reader, lines);
    if (!lines.empty() && lines.back() == "broken") break;
  }
  return lines;
}

constexpr std::string_view kEveryKind =
    "+OK\r\n-ERR some thing\r\n:42\r\n$5\r\nhello\r\n$-1\r\n$0\r\n\r\n"
    "*2\r\n$3\r\nfoo\r\n*1\r\n:1\r\n$7\r\na\r\n$5\r\n\r\n:-7\r\n";

TEST(RespReader, ReadsEveryKindHoweverItIsSplit) {
  for (size_t step = 1; step <= kEveryKind.size(); ++step) {
    EXPECT_THAT(Read(kEveryKind, step),
                ElementsAre("status OK", "error ERR", "integer 42",
                            "bulk hello", "nil ", "bulk ", "array ",
                            "bulk a\r\n$5\r\n", "integer -7"))
        << step;
  }
}

TEST(RespReader, DropsABulkAboveTheCapHoweverItIsSplit) {
  const std::string stream =
      ":1\r\n$11\r\n12345678901\r\n$10\r\n1234567890\r\n"
      "*1\r\n$11\r\n12345678901\r\n:2\r\n";
  for (size_t step = 1; step <= stream.size(); ++step) {
    EXPECT_THAT(Read(stream, step, 10),
                ElementsAre("integer 1", "too large ", "bulk 1234567890",
                            "array ", "integer 2"))
        << step;
  }
}

TEST(RespReader, HoldsNothingOfABulkAboveTheCap) {
  RespReader reader(1000);
  reader.Feed("$536870912\r\n");
  const std::string chunk(64 << 10, 'x');
  for (int i = 0; i < (512 << 20) / (64 << 10); ++i) {
    reader.Feed(chunk);
    ASSERT_EQ(reader.Next()->has_value(), i == 0);
    ASSERT_LT(reader.held(), 1000u);
  }
  reader.Feed("\r\n:1\r\n");
  EXPECT_EQ(Describe(**reader.Next()), "integer 1");
}

TEST(RespReader, ALargeValueDoesNotKeepItsMemory) {
  RespReader reader(1 << 20);
  const std::string large(1 << 20, 'x');
  reader.Feed("$1048576\r\n" + large + "\r\n");
  EXPECT_EQ((*reader.Next())->body, large);
  reader.Feed(":1\r\n");
  EXPECT_EQ(Describe(**reader.Next()), "integer 1");
  EXPECT_LT(reader.held(), 1000u);
}

TEST(RespReader, HandsOnWhatCameBeforeTheNonsense) {
  for (size_t step = 1; step < 20; ++step) {
    EXPECT_THAT(Read("+OK\r\n:1\r\nnonsense\r\n", step),
                ElementsAre("status OK", "integer 1", "broken"));
  }
}

TEST(RespReader, NeverHandsOnAValueThatDoesNotEndWhereItShould) {
  for (size_t step = 1; step < 20; ++step) {
    EXPECT_THAT(Read("$5\r\nhello world\r\n", step), ElementsAre("broken"));
    EXPECT_THAT(Read("$5\r\nhello\rx$-1\r\n", step), ElementsAre("broken"));
    EXPECT_THAT(Read("$5\r\nhellox\n$-1\r\n", step), ElementsAre("broken"));
  }
}

TEST(RespReader, RefusesLengthsThatMakeNoSense) {
  for (const char* line :
       {"$-2\r\n", "$+5\r\n", "$ 5\r\n", "$\r\n", "$0x5\r\n", "$536870913\r\n",
        "$99999999999999999999999\r\n", "*-2\r\n", "*1025\r\n", "*\r\n"}) {
    EXPECT_THAT(Read(line, 100), ElementsAre("broken")) << line;
  }
}

TEST(RespReader, RefusesALineWithoutAnEnd) {
  RespReader reader(100);
  Lines lines;
  const std::string chunk(1000, 'x');
  for (int i = 0; i < 5 && lines.empty(); ++i) {
    reader.Feed("+" + chunk);
    Drain(reader, lines);
  }
  EXPECT_THAT(lines, ElementsAre("broken"));
}

TEST(RespReader, RefusesArraysInArraysWithoutEnd) {
  std::string deep;
  for (int i = 0; i < 20; ++i) deep += "*1\r\n";
  EXPECT_THAT(Read(deep, 7), ElementsAre("broken"));
}

TEST(RespReader, SurvivesRandomBytes) {
  std::mt19937 random(11);
  const std::string alphabet = "$*:+-\r\n0123456789x";
  for (int round = 0; round < 20000; ++round) {
    std::string stream(kEveryKind);
    for (int i = 0; i < 3; ++i) {
      stream[random() % stream.size()] = alphabet[random() % alphabet.size()];
    }
    const size_t step = 1 + random() % stream.size();
    // What it makes of it does not depend on how it was split.
    EXPECT_EQ(Read(stream, step), Read(stream, stream.size())) << stream;
  }
}

TEST(RespCommand, GivesEachArgumentWithItsLength) {
  std::string out = "before";
  AppendCommand(out, {"SET", "k\r\n", std::string_view("\0", 1), ""});
  EXPECT_EQ(out, std::string("before*4\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$1\r\n\0"
                             "\r\n$0\r\n\r\n",
                             41));
}

/// The first two elements of each array.
Lines ReadArrays(std::string_view bytes, size_t step, size_t max_element) {
  RespReader reader(100, max_element);
  Lines lines;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    reader.Feed(bytes.substr(0, step));
    for (;;) {
      auto reply = reader.Next();
      if (!reply.ok() || !reply->has_value()) break;
      EXPECT_EQ((*reply)->kind, static_cast<int>(RespKind::kArray));
      lines.push_back(std::string((*reply)->line) + "|" +
                      std::string((*reply)->body));
    }
  }
  return lines;
}

TEST(RespReader, KeepsTheFirstTwoElementsOfAnArrayHoweverItIsSplit) {
  const std::string bytes =
      "*3\r\n$7\r\nmessage\r\n$4\r\nfr:k\r\n$0\r\n\r\n"
      "*3\r\n$9\r\nsubscribe\r\n$4\r\nfr:l\r\n:1\r\n"
      "*2\r\n$4\r\npong\r\n$0\r\n\r\n*0\r\n*-1\r\n*1\r\n:5\r\n"
      "*2\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    const Lines lines = ReadArrays(bytes.substr(0, bytes.find("*-1")), step, 9);
    EXPECT_THAT(lines,
                ElementsAre("message|fr:k", "subscribe|fr:l", "pong|", "|"))
        << step;
  }
  EXPECT_THAT(ReadArrays(bytes.substr(bytes.find("*1")), 1000, 9),
              ElementsAre("|", "|c"));
}

TEST(RespReader, LeavesOutElementsThatAreTooLong) {
  EXPECT_THAT(ReadArrays("*2\r\n$3\r\nabc\r\n$4\r\nabcd\r\n", 1000, 3),
              ElementsAre("abc|"));
  EXPECT_THAT(
      ReadArrays("*2\r\n$1\r\na\r\n$101\r\n" + std::string(101, 'x') + "\r\n",
                 1000, 1000),
      ElementsAre("a|"));
}

}  // namespace
}  // namespace frontrunner
