#include "server/sources/memcached/meta_codec.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Kind = MetaReply::Kind;

const MetaParser::Limits kLimits = {
    .max_line = 64, .max_value = 10, .max_skipped = 1000};

/// What a parser makes of a stream, one line per reply, in the cuts given.
std::vector<std::string> Parse(const std::vector<std::string_view>& pieces) {
  MetaParser parser(kLimits);
  std::vector<std::string> replies;
  for (std::string_view bytes : pieces) {
    while (!bytes.empty()) {
      auto reply = parser.Parse(bytes);
      if (!reply.ok()) {
        replies.emplace_back(
            absl::StrCat("broken: ", reply.status().message()));
        return replies;
      }
      if (!reply->has_value()) {
        EXPECT_TRUE(bytes.empty());
        break;
      }
      const MetaReply& r = **reply;
      static constexpr const char* kNames[] = {
          "value",      "too large", "done",         "miss",
          "not stored", "noop",      "server error", "client error"};
      std::string line = kNames[static_cast<int>(r.kind)];
      if (r.opaque.has_value()) {
        absl::StrAppend(&line, " O", *r.opaque);
      }
      if (!r.value.empty()) {
        absl::StrAppend(&line, " ", r.value);
      }
      if (!r.message.empty()) {
        absl::StrAppend(&line, " ", r.message);
      }
      replies.push_back(line);
    }
  }
  return replies;
}

using Lines = std::vector<std::string>;

std::string Get(const StoredKey& key) {
  std::string out;
  AppendGet(out, key, 7);
  return out;
}
std::string Set(const StoredKey& key, std::string_view value) {
  std::string out;
  AppendSet(out, key, 8, 60, value);
  return out;
}
std::string Delete(const StoredKey& key) {
  std::string out;
  AppendDelete(out, key, 9);
  return out;
}

TEST(MetaCommands, CarryAnOpaqueNumber) {
  const StoredKey key{.text = "fr:t:1:k"};
  EXPECT_EQ(Get(key), "mg fr:t:1:k v O7\r\n");
  EXPECT_EQ(Set(key, "a\r\nb"), "ms fr:t:1:k 4 T60 O8\r\na\r\nb\r\n");
  EXPECT_EQ(Delete(key), "md fr:t:1:k O9\r\n");
}

TEST(MetaCommands, SayWhenAKeyIsBase64) {
  const StoredKey key{.text = "YSBi", .base64 = true};
  EXPECT_EQ(Get(key), "mg YSBi v O7 b\r\n");
  EXPECT_EQ(Set(key, ""), "ms YSBi 0 T60 O8 b\r\n\r\n");
  EXPECT_EQ(Delete(key), "md YSBi O9 b\r\n");
}

TEST(MetaCommands, AreAppended) {
  std::string out = "before ";
  AppendDelete(out, {.text = "k"}, 1);
  EXPECT_EQ(out, "before md k O1\r\n");
}

TEST(MemcachedTtl, AbsentIsNoExpiry) { EXPECT_EQ(MemcachedTtl({}), 0); }

TEST(MemcachedTtl, IsNeverShorterThanAsked) {
  // The tick that memcached may be late by included.
  EXPECT_EQ(MemcachedTtl(nanoseconds(1)), 2);
  EXPECT_EQ(MemcachedTtl(milliseconds(1001)), 3);
  EXPECT_EQ(MemcachedTtl(seconds(60)), 61);
}

TEST(MemcachedTtl, EndsBeforeMemcachedTakesItForADate) {
  EXPECT_EQ(MemcachedTtl(hours(24 * 30) - seconds(1)), 2592000);
  EXPECT_EQ(MemcachedTtl(hours(24 * 30)), 2592000);
  EXPECT_EQ(MemcachedTtl(hours(24 * 31)), 2592000);
  EXPECT_EQ(MemcachedTtl(Duration::max()), 2592000);
}

TEST(MemcachedTtl, IsNeverTheZeroThatMeansForever) {
  EXPECT_EQ(MemcachedTtl(Duration(0)), 1);
  EXPECT_EQ(MemcachedTtl(seconds(-5)), 1);
}

TEST(MetaParser, ReadsEveryKindOfReply) {
  EXPECT_EQ(Parse({"VA 3 O1\r\na\r\n\r\n"}), Lines({"value O1 a\r\n"}));
  EXPECT_EQ(Parse({"VA 0 O1\r\n\r\n"}), Lines({"value O1"}));
  EXPECT_EQ(Parse({"HD O2\r\n"}), Lines({"done O2"}));
  EXPECT_EQ(Parse({"EN O3\r\n"}), Lines({"miss O3"}));
  EXPECT_EQ(Parse({"NF O4\r\n"}), Lines({"miss O4"}));
  EXPECT_EQ(Parse({"NS O5\r\n"}), Lines({"not stored O5"}));
  EXPECT_EQ(Parse({"EX O6\r\n"}), Lines({"not stored O6"}));
}

TEST(MetaParser, ReadsTheAnswerToANoop) {
  EXPECT_EQ(Parse({"MN\r\n"}), Lines({"noop"}));
  EXPECT_EQ(Parse({"MN O1\r\n"}),
            Lines({"broken: a reply is not memcached's meta protocol"}));
}

TEST(MetaParser, ReadsRepliesOneAfterAnother) {
  EXPECT_EQ(Parse({"VA 1 O1\r\na\r\nEN O2\r\nHD O3\r\n"}),
            Lines({"value O1 a", "miss O2", "done O3"}));
}

TEST(MetaParser, PassesOverFlagsItDidNotAskFor) {
  EXPECT_EQ(Parse({"VA 1 t-1 kkey b O1 W\r\na\r\n"}), Lines({"value O1 a"}));
}

TEST(MetaParser, TakesTheLargestOpaqueNumber) {
  EXPECT_EQ(Parse({"HD O18446744073709551615\r\n"}),
            Lines({"done O18446744073709551615"}));
}

TEST(MetaParser, AReplyWithoutOurNumberIsAnError) {
  for (std::string_view line : {"EN\r\n", "HD Oabc\r\n", "HD O-1\r\n",
                                "HD O18446744073709551616\r\n"}) {
    EXPECT_EQ(Parse({line}),
              Lines({"broken: a reply lacks our opaque number"}));
  }
}

TEST(MetaParser, WaitsForTheRest) {
  const std::string whole = "VA 3 O1\r\nabc\r\n";
  MetaParser parser(kLimits);
  std::string_view early(whole.data(), whole.size() - 1);
  const auto nothing = parser.Parse(early);
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing->has_value());
  std::string_view last(whole.data() + whole.size() - 1, 1);
  const auto reply = parser.Parse(last);
  ASSERT_TRUE(reply.ok() && reply->has_value());
  EXPECT_EQ((*reply)->value, "abc");
}

TEST(MetaParser, StaysBroken) {
  MetaParser parser(kLimits);
  std::string_view bytes = "nonsense\r\nHD O1\r\n";
  EXPECT_FALSE(parser.Parse(bytes).ok());
  std::string_view good = "HD O1\r\n";
  EXPECT_FALSE(parser.Parse(good).ok());
}

TEST(MemcachedFaults, Fault23_ARepliesSplitAtEveryByteAreRead) {
  const std::string_view stream =
      "VA 10 O1\r\n0123456789\r\nVA 0 O2\r\n\r\nEN O3\r\nVA 12 O4\r\n"
      "abcdefghijkl\r\nSERVER_ERROR no\r\nHD O5\r\n";
  const Lines expected = Parse({stream});
  ASSERT_EQ(expected.size(), 6);
  for (size_t i = 0; i <= stream.size(); ++i) {
    for (size_t j = i; j <= stream.size(); ++j) {
      ASSERT_EQ(Parse({stream.substr(0, i), stream.substr(i, j - i),
                       stream.substr(j)}),
                expected)
          << i << " " << j;
    }
  }
  std::vector<std::string_view> single_bytes;
  for (size_t i = 0; i < stream.size(); ++i) {
    single_bytes.push_back(stream.substr(i, 1));
  }
  EXPECT_EQ(Parse(single_bytes), expected);
}

TEST(MemcachedFaults, Fault24_ALengthLargerThanTheDataIsAnError) {
  EXPECT_EQ(Parse({"VA 9 O1\r\nabc\r\nEN O2\r\n"}),
            Lines({"broken: a value is longer than its announced length"}));
}

TEST(MemcachedFaults, Fault24_ALengthSmallerThanTheDataIsAnError) {
  EXPECT_EQ(Parse({"VA 2 O1\r\nabc\r\n"}),
            Lines({"broken: a value is longer than its announced length"}));
}

TEST(MemcachedFaults, Fault25_ANegativeOrOverflowingLengthIsAnError) {
  for (std::string_view length :
       {"-1", "+1", "", "0x1", "1e3", "18446744073709551616",
        "99999999999999999999999", "3,"}) {
    EXPECT_EQ(Parse({absl::StrCat("VA ", Absl(length), " O1\r\n")}),
              Lines({"broken: a reply's length is not a number"}))
        << length;
  }
  EXPECT_EQ(Parse({"VA 18446744073709551615 O1\r\n"}),
            Lines({"broken: a reply's length is beyond all bounds"}));
}

TEST(MemcachedFaults, Fault26_GarbageIsAnError) {
  for (std::string_view garbage :
       {"HTTP/1.1 400 Bad Request\r\n", "+PONG\r\n", "\r\n", " \r\n",
        "VALUE k 0 3\r\n", "hd O1\r\n", "HDO1\r\n"}) {
    EXPECT_EQ(Parse({garbage}),
              Lines({"broken: a reply is not memcached's meta protocol"}))
        << garbage;
  }
  EXPECT_EQ(Parse({"HD O1\n"}),
            Lines({"broken: a reply's line does not end as it should"}));
}

TEST(MemcachedFaults, Fault26_ALineWithoutAnEndIsAnError) {
  const std::string endless(1000, 'x');
  EXPECT_EQ(Parse({endless}), Lines({"broken: a reply's line is too long"}));
  EXPECT_EQ(Parse({endless.substr(0, 63), "x"}),
            Lines({"broken: a reply's line is too long"}));
  EXPECT_EQ(Parse({endless.substr(0, 63)}), Lines());
  // Nor is one that has its end with it.
  EXPECT_EQ(Parse({endless + "\r\n"}),
            Lines({"broken: a reply's line is too long"}));
}

TEST(MemcachedFaults, Fault27_ErrorsAreTold) {
  EXPECT_EQ(Parse({"SERVER_ERROR out of memory storing object\r\nHD O1\r\n"}),
            Lines({"server error out of memory storing object", "done O1"}));
  EXPECT_EQ(Parse({"CLIENT_ERROR bad data chunk\r\n"}),
            Lines({"client error bad data chunk"}));
  EXPECT_EQ(Parse({"ERROR\r\n"}), Lines({"client error ERROR"}));
}

TEST(MemcachedFaults, Fault27_WhatAServerSaysIsMadePrintable) {
  EXPECT_EQ(Parse({"SERVER_ERROR a\x01\x1b[31m\xff\r\n"}),
            Lines({"server error a??[31m?"}));
}

TEST(MemcachedFaults, Fault28_AValueAboveTheCapIsPassedOver) {
  EXPECT_EQ(Parse({absl::StrCat("VA 1000 O1\r\n", std::string(1000, 'x'),
                                "\r\nVA 10 O2\r\n0123456789\r\n")}),
            Lines({"too large O1", "value O2 0123456789"}));
  EXPECT_EQ(Parse({"VA 1001 O1\r\n"}),
            Lines({"broken: a reply's length is beyond all bounds"}));
}

TEST(MemcachedFaults, Fault28_AValueAboveTheCapIsNotHeld) {
  MetaParser parser({.max_line = 64, .max_value = 10, .max_skipped = 1 << 20});
  std::string_view head = "VA 1000000 O1\r\n";
  ASSERT_TRUE(parser.Parse(head).ok());
  const std::string piece(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    std::string_view bytes = piece;
    const auto reply = parser.Parse(bytes);
    ASSERT_TRUE(reply.ok() && !reply->has_value());
    ASSERT_TRUE(bytes.empty());
  }
  std::string_view end = "\r\n";
  const auto reply = parser.Parse(end);
  ASSERT_TRUE(reply.ok() && reply->has_value());
  EXPECT_EQ((*reply)->kind, Kind::kTooLarge);
  EXPECT_EQ((*reply)->value.capacity(), std::string().capacity());
}

}  // namespace
}  // namespace frontrunner
