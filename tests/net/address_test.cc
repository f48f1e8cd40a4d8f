#include "server/net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/net/backoff.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

std::string Parsed(std::string_view text) {
  const auto address = ParseAddress(text, 6379);
  return address.ok() ? address->ToString() : "bad";
}

TEST(Address, ReadsHostsPortsAndPaths) {
  EXPECT_EQ(Parsed("127.0.0.1:80"), "127.0.0.1:80");
  EXPECT_EQ(Parsed("redis.default.svc:6380"), "redis.default.svc:6380");
  EXPECT_EQ(Parsed("redis"), "redis:6379");
  EXPECT_EQ(Parsed("[::1]:80"), "[::1]:80");
  EXPECT_EQ(Parsed("[::1]"), "[::1]:6379");
  EXPECT_EQ(Parsed("unix:/run/redis.sock"), "unix:/run/redis.sock");
}

TEST(Address, RefusesWhatIsNone) {
  for (const std::string& text :
       {std::string(), std::string(":80"), std::string("host:"),
        std::string("host:0"), std::string("host:65536"),
        std::string("host:port"), std::string("host:80:80"), std::string("::1"),
        std::string("[::1"), std::string("[::1]80"), std::string("[]:80"),
        std::string("unix:"), "unix:/" + std::string(107, 'x'),
        std::string(254, 'h')}) {
    EXPECT_EQ(Parsed(text), "bad") << text;
  }
}

TEST(Address, TakesAPathOf107Bytes) {
  const std::string text = "unix:/" + std::string(106, 'x');
  EXPECT_EQ(Parsed(text), text);
}

TEST(Backoff, DoublesUpToItsMostWithJitterBelow) {
  Backoff backoff({.first = milliseconds(10), .max = milliseconds(100)}, 7);
  for (int span : {10, 20, 40, 80, 100, 100, 100}) {
    const Duration delay = backoff.Next();
    EXPECT_GE(delay, milliseconds(span) / 2);
    EXPECT_LE(delay, milliseconds(span));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(10));
}

TEST(Backoff, DiffersBetweenSeeds) {
  Backoff one({}, 1);
  Backoff other({}, 2);
  EXPECT_NE(one.Next(), other.Next());
}

}  // namespace
}  // namespace frontrunner
