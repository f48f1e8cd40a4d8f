#include "server/wrappers/retry_delays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

std::vector<Duration> AllOf(RetryDelays delays) {
  std::vector<Duration> all;
  for (int i = 0; i < delays.attempts(); ++i) all.push_back(delays.Before(i));
  return all;
}

TEST(RetryDelays, AListIsTakenAsItIs) {
  EXPECT_THAT(AllOf(RetryDelays({seconds(3), seconds(0), seconds(1)})),
              ElementsAre(seconds(3), seconds(0), seconds(1)));
}

TEST(RetryDelays, AScheduleBeginsAtOnceAndGrowsUpToItsMaximum) {
  EXPECT_THAT(
      AllOf(RetryDelays({.initial = milliseconds(10),
                         .multiplier = 3,
                         .max = milliseconds(100),
                         .attempts = 6,
                         .jitter = 0},
                        1)),
      ElementsAre(milliseconds(0), milliseconds(10), milliseconds(30),
                  milliseconds(90), milliseconds(100), milliseconds(100)));
}

TEST(RetryDelays, AnInitialDelayAboveTheMaximumIsTheMaximum) {
  EXPECT_THAT(AllOf(RetryDelays({.initial = seconds(9),
                                 .max = seconds(2),
                                 .attempts = 2,
                                 .jitter = 0},
                                1)),
              ElementsAre(seconds(0), seconds(2)));
}

TEST(RetryDelays, AHundredAttemptsDoNotOverflow) {
  const auto all = AllOf(RetryDelays({.initial = std::chrono::hours(1),
                                      .multiplier = 100,
                                      .max = std::chrono::hours(1),
                                      .attempts = 100,
                                      .jitter = 0},
                                     1));
  ASSERT_EQ(all.size(), 100U);
  EXPECT_EQ(all.back(), std::chrono::hours(1));
}

TEST(RetryDelays, JitterShortensByAPartUpToItsFraction) {
  RetryDelays delays({.initial = milliseconds(100),
                      .max = seconds(1),
                      .attempts = 2,
                      .jitter = 0.25},
                     7);
  std::set<Duration> seen;
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = delays.Before(1);
    EXPECT_LE(delay, milliseconds(100));
    EXPECT_GT(delay, milliseconds(75) - Duration(1));
    seen.insert(delay);
    EXPECT_EQ(delays.Before(0), Duration(0));
  }
  EXPECT_GT(seen.size(), 900U);
  EXPECT_LT(*seen.begin(), milliseconds(76));
  EXPECT_GT(*seen.rbegin(), milliseconds(99));
}

TEST(RetryDelays, SeedsDiffer) {
  RetryDelays one(RetrySchedule{}, 1);
  RetryDelays two(RetrySchedule{}, 2);
  EXPECT_NE(one.Before(1), two.Before(1));
}

}  // namespace
}  // namespace frontrunner
