#include "server/config/suggest.h"

#include <gtest/gtest.h>

namespace frontrunner::config {
namespace {

const std::vector<std::string>& Names() {
  static const auto* const names = new std::vector<std::string>{
      "near", "redis", "memcached", "names", "others_fail"};
  return *names;
}

TEST(Nearest, FindsOneLetterWrongMissingTooManyOrSwapped) {
  EXPECT_EQ(Nearest("redos", Names()), "redis");
  EXPECT_EQ(Nearest("reds", Names()), "redis");
  EXPECT_EQ(Nearest("reddis", Names()), "redis");
  EXPECT_EQ(Nearest("erdis", Names()), "redis");
  EXPECT_EQ(Nearest("naer", Names()), "near");
}

TEST(Nearest, TakesUpperAndLowerCaseAsTheSame) {
  EXPECT_EQ(Nearest("REDIS", Names()), "redis");
}

TEST(Nearest, AllowsMoreMistakesInLongerNames) {
  EXPECT_EQ(Nearest("other_fails", Names()), "others_fail");
  EXPECT_EQ(Nearest("memcache", Names()), "memcached");
}

TEST(Nearest, IsEmptyWhereNothingIsNear) {
  EXPECT_EQ(Nearest("postgres", Names()), "");
  EXPECT_EQ(Nearest("", Names()), "");
  EXPECT_EQ(Nearest("redis", {}), "");
  EXPECT_EQ(Nearest("x", {"s"}), "");
  EXPECT_EQ(Nearest(std::string(1000, 'x'), Names()), "");
}

TEST(Nearest, PrefersTheNearest) {
  EXPECT_EQ(Nearest("names2", {"names22", "names1", "names2"}), "names2");
}

}  // namespace
}  // namespace frontrunner::config
