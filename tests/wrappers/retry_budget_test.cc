#include "server/wrappers/retry_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/fakes/fake_loop.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RetryBudgetTest : public ::testing::Test {
 protected:
  void Offer(int times) {
    for (int i = 0; i < times; ++i) budget_.Offer(loop_.Now());
  }
  bool Take() { return budget_.TryTake(loop_.Now()); }
  /// Takes until refused; how many were granted.
  int TakeAll() {
    int granted = 0;
    while (Take()) ++granted;
    return granted;
  }

  FakeLoop loop_;
  RetryBudget budget_{{.ratio = 0.2, .at_least = 10}};
};

TEST_F(RetryBudgetTest, WithoutLookupsTenAreGranted) {
  EXPECT_EQ(TakeAll(), 10);
}

TEST_F(RetryBudgetTest, FewLookupsDoNotLowerTheTen) {
  Offer(49);
  EXPECT_EQ(TakeAll(), 10);
}

TEST_F(RetryBudgetTest, ManyLookupsEarnTheirRatio) {
  Offer(1000);
  EXPECT_EQ(TakeAll(), 200);
  Offer(4);
  EXPECT_FALSE(Take());
  Offer(1);
  EXPECT_TRUE(Take());
  EXPECT_FALSE(Take());
}

TEST_F(RetryBudgetTest, ARatioOfNothingStillGrantsTheFloor) {
  RetryBudget none({.ratio = 0, .at_least = 10});
  for (int i = 0; i < 1000; ++i) none.Offer(loop_.Now());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(none.TryTake(loop_.Now()));
  EXPECT_FALSE(none.TryTake(loop_.Now()));
}

TEST_F(RetryBudgetTest, LookupsCountForTenSeconds) {
  Offer(1000);
  loop_.Advance(seconds(9));
  EXPECT_TRUE(Take());
  loop_.Advance(seconds(1));
  EXPECT_EQ(TakeAll(), 9) << "the one granted within the window counts";
}

TEST_F(RetryBudgetTest, WhatWasGrantedIsGivenBackAfterTenSeconds) {
  EXPECT_EQ(TakeAll(), 10);
  loop_.Advance(milliseconds(9999));
  EXPECT_FALSE(Take());
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(TakeAll(), 10);
}

TEST_F(RetryBudgetTest, SecondsLeaveTheWindowOneByOne) {
  for (int second = 0; second < 10; ++second) {
    Offer(100);
    loop_.Advance(seconds(1));
  }
  // The oldest second has just left.
  EXPECT_EQ(TakeAll(), 180);
  loop_.Advance(seconds(3));
  Offer(1);
  EXPECT_FALSE(Take());
}

TEST_F(RetryBudgetTest, ALongSilenceForgetsEverything) {
  Offer(1000);
  EXPECT_EQ(TakeAll(), 200);
  loop_.Advance(std::chrono::hours(30));
  EXPECT_EQ(TakeAll(), 10);
}

TEST_F(RetryBudgetTest, AClockALittleBehindCountsAsNow) {
  loop_.Advance(seconds(1));
  Offer(100);
  budget_.Offer(loop_.Now() - seconds(1));
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(budget_.TryTake(loop_.Now() - milliseconds(1500)));
  }
  EXPECT_FALSE(Take());
}

TEST_F(RetryBudgetTest, AClockALittleBehindGivesNothingBack) {
  loop_.Advance(seconds(1));
  EXPECT_EQ(TakeAll(), 10);
  budget_.Offer(loop_.Now() - seconds(1));
  EXPECT_FALSE(Take());
}

TEST_F(RetryBudgetTest, InATotalOutageAFifthMoreIsAskedAndNoMore) {
  // A minute in which every lookup would be retried.
  Offer(1000);
  loop_.Advance(seconds(20));
  int extra = 0;
  for (int tick = 0; tick < 60'000; ++tick) {
    Offer(1);
    if (Take()) ++extra;
    if (Take()) ++extra;
    loop_.Advance(milliseconds(1));
  }
  EXPECT_LE(extra, 12'010);
  EXPECT_GE(extra, 11'000);
}

TEST_F(RetryBudgetTest, CountsWhatHappened) {
  Offer(3);
  TakeAll();
  Take();
  EXPECT_EQ(budget_.offered(), 3U);
  EXPECT_EQ(budget_.granted(), 10U);
  EXPECT_EQ(budget_.refused(), 2U);
}

TEST_F(RetryBudgetTest, ManyThreadsTogetherGetWhatOneWould) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 2500; ++n) budget_.Offer(TimePoint(seconds(100)));
      for (int n = 0; n < 1000; ++n) {
        (void)budget_.TryTake(TimePoint(seconds(100)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget_.offered(), 10'000U);
  EXPECT_EQ(budget_.granted(), 2000U);
  EXPECT_EQ(budget_.refused(), 2000U);
}

}  // namespace
}  // namespace frontrunner
