#include "server/rpc/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "server/rpc/durations.h"
#include "server/rpc/trailer_size.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(CleanUtf8, LeavesWellFormedTextAlone) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8f\x81\n";
  EXPECT_EQ(CleanUtf8(text), text);
}

TEST(CleanUtf8, ReplacesEachForeignByte) {
  EXPECT_EQ(CleanUtf8("a\xff"), "a?");
  EXPECT_EQ(CleanUtf8("\x80"), "?");
  EXPECT_EQ(CleanUtf8("\xe2\x82"), "??");            // cut
  EXPECT_EQ(CleanUtf8("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(CleanUtf8("\xe0\x80\x80"), "???");       // overlong
  EXPECT_EQ(CleanUtf8("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(CleanUtf8("\xf4\x90\x80\x80"), "????");  // above U+10FFFF
  EXPECT_EQ(CleanUtf8("\xf5z"), "?z");
}

TEST(Shorten, CutsBetweenCharacters) {
  const std::string euros = "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
  EXPECT_EQ(Shorten(euros, 9), euros);
  EXPECT_EQ(Shorten(euros, 8), "\xe2\x82\xac...");
  EXPECT_EQ(Shorten(euros, 6), "\xe2\x82\xac...");
  EXPECT_EQ(Shorten(euros, 5), "...");
  EXPECT_EQ(Shorten(euros, 3), "...");
  EXPECT_EQ(Shorten(euros, 2), "");
  EXPECT_EQ(Shorten("", 0), "");
}

TEST(CleanAndShorten, IsBothAtOnce) {
  const std::string text = "ab\xff\xe2\x82\xac\xf0\x9f\x8f\x81\xe2\x82\xac z";
  for (size_t max = 0; max < text.size() + 3; ++max) {
    EXPECT_EQ(CleanAndShorten(text, max), Shorten(CleanUtf8(text), max)) << max;
  }
}

TEST(TrailerBytes, CountsAsHttp2Does) {
  const size_t empty = TrailerBytes("", 0);
  EXPECT_EQ(empty, size_t{7 + 3 + 32 + 12 + 16 + 32 + 11 + 2 + 32 + 12 + 32 +
                          23 + 32});
  EXPECT_EQ(TrailerBytes("ab~", 0), empty + 3);
  EXPECT_EQ(TrailerBytes("%\n\xc3", 0), empty + 9);
  EXPECT_EQ(TrailerBytes("", 1), empty + 4);
  EXPECT_EQ(TrailerBytes("", 3), empty + 4);
  EXPECT_EQ(TrailerBytes("", 4), empty + 8);
}

google::protobuf::Duration Proto(int64_t whole, int32_t nanos) {
  google::protobuf::Duration proto;
  proto.set_seconds(whole);
  proto.set_nanos(nanos);
  return proto;
}

TEST(Durations, GoThereAndBack) {
  for (const Duration duration :
       {Duration(0), Duration(1), Duration(-1), Duration(seconds(3)),
        Duration(seconds(3) + nanoseconds(7)), Duration(hours(1000000)),
        Duration(seconds(-3) - nanoseconds(7))}) {
    google::protobuf::Duration proto;
    SetDuration(duration, proto);
    EXPECT_EQ(FromProto(proto), duration);
  }
}

TEST(Durations, MalformedOnesAreNone) {
  EXPECT_EQ(FromProto(Proto(1, -1)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(-1, 1)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(0, 1'000'000'000)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(0, -1'000'000'000)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(315'576'000'000, 0)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(std::numeric_limits<int64_t>::max(), 0)),
            std::nullopt);
  EXPECT_EQ(FromProto(Proto(std::numeric_limits<int64_t>::min(), 0)),
            std::nullopt);
}

}  // namespace
}  // namespace frontrunner
