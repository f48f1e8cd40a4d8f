#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WaitingTest : public testing::Test {
 protected:
  /// Lets the oldest race find nothing.
  void NobodyHasIt() {
    rig_.redis->Answer(absl::NotFoundError(""));
    rig_.names->Answer(absl::NotFoundError(""));
  }
  void Confirm() {
    rig_.near_store->Answer(TextValue(""));
    rig_.redis_store->Answer(TextValue(""));
  }

  TableRig rig_;
};

TEST_F(WaitingTest, APutAnswersEverybodyInOrder) {
  rig_.Lookup("b", {.wait = true});
  rig_.Lookup("a", {.wait = true});
  NobodyHasIt();
  rig_.Lookup("c", {.wait = true});
  NobodyHasIt();
  EXPECT_TRUE(rig_.results.empty());
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 3U);
  rig_.TakeLog();
  rig_.Put("writer", "k", "v", seconds(9));
  EXPECT_THAT(
      rig_.TakeLog(),
      ElementsAre("near.store start", "redis.store start",
                  "b: value \"v\" by put", "a: value \"v\" by put (shared)",
                  "c: value \"v\" by put"));
  EXPECT_EQ(rig_.results["b"].outcome->fresh_for, Duration(seconds(9)));
  EXPECT_TRUE(rig_.results["b"].race);
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 0U);
  Confirm();
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingTest, AKeyThatIsThereAnswersAtOnce) {
  rig_.Lookup("a", {.wait = true});
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by names");
}

TEST_F(WaitingTest, WhoDoesNotWaitFailsWhileOthersOfTheSameRaceWait) {
  rig_.Lookup("a");
  rig_.Lookup("b", {.wait = true});
  NobodyHasIt();
  EXPECT_EQ(Describe(rig_.results["a"]), "ALL_SOURCES_FAILED NOT_FOUND");
  EXPECT_EQ(rig_.results.count("b"), 0U);
}

TEST_F(WaitingTest, OnlyNotFoundIsWaitedFor) {
  rig_.Lookup("a", {.wait = true});
  rig_.CachesMiss();
  rig_.names->Answer(absl::UnavailableError(""));
  EXPECT_EQ(Describe(rig_.results["a"]), "ALL_SOURCES_FAILED UNAVAILABLE");
}

TEST_F(WaitingTest, AFinalNotFoundIsWaitedForToo) {
  rig_.entrants[2].final_codes.set(
      static_cast<size_t>(absl::StatusCode::kNotFound));
  rig_.Lookup("a", {.wait = true});
  rig_.names->Answer(absl::NotFoundError(""));
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 1U);
}

TEST_F(WaitingTest, TheRaceBeforeItKeepsTheTablesDeadline) {
  rig_.Lookup("a", {.deadline = seconds(30), .wait = true});
  rig_.loop.Advance(milliseconds(500));
  EXPECT_EQ(Describe(rig_.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
}

TEST_F(WaitingTest, EndsAtTheCallersDeadline) {
  rig_.Lookup("a", {.deadline = seconds(30), .wait = true});
  NobodyHasIt();
  rig_.loop.Advance(seconds(30) - milliseconds(1));
  EXPECT_TRUE(rig_.results.empty());
  rig_.loop.Advance(milliseconds(1));
  EXPECT_EQ(Describe(rig_.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
  EXPECT_TRUE(rig_.results["a"].race);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingTest, EndsAtMaxWaitCountedFromTheEndOfTheRace) {
  rig_.Lookup("a", {.wait = true});
  rig_.loop.Advance(milliseconds(100));
  NobodyHasIt();
  rig_.loop.Advance(minutes(1) - milliseconds(1));
  EXPECT_TRUE(rig_.results.empty());
  rig_.loop.Advance(milliseconds(1));
  EXPECT_EQ(Describe(rig_.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
}

TEST_F(WaitingTest, APutOfAnotherKeyAnswersNobody) {
  rig_.Lookup("a", {.wait = true});
  NobodyHasIt();
  rig_.Put("writer", "l", "v");
  EXPECT_TRUE(rig_.results.empty());
}

TEST_F(WaitingTest, WhoLeavesIsNotAnswered) {
  rig_.Lookup("a", {.wait = true});
  rig_.Lookup("b", {.wait = true});
  NobodyHasIt();
  rig_.Leave("a");
  rig_.Put("writer", "k", "v");
  EXPECT_EQ(rig_.results.size(), 1U);
  Confirm();
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingTest, TooManyAreRefused) {
  rig_.settings.max_waiters = 2;
  for (const char* who : {"a", "b", "c"}) rig_.Lookup(who, {.wait = true});
  NobodyHasIt();
  EXPECT_EQ(rig_.results.size(), 1U);
  EXPECT_EQ(Describe(rig_.results["c"]),
            "OVERLOADED RESOURCE_EXHAUSTED (shared)");
  rig_.Leave("a");
  rig_.Lookup("d", {.wait = true});
  NobodyHasIt();
  EXPECT_EQ(rig_.results.size(), 1U);
}

TEST_F(WaitingTest, DrainingEndsThemAndLetsNobodyBegin) {
  rig_.Lookup("a", {.wait = true});
  NobodyHasIt();
  rig_.Lookup("racing", {.key = "l", .wait = true});
  rig_.shard().Drain();
  EXPECT_EQ(Describe(rig_.results["a"]), "DRAINING UNAVAILABLE");
  EXPECT_EQ(rig_.results.size(), 1U);
  NobodyHasIt();
  EXPECT_EQ(Describe(rig_.results["racing"]), "DRAINING UNAVAILABLE");
  EXPECT_TRUE(rig_.results["racing"].race);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingTest, DrainingLetsARaceFindItsValue) {
  rig_.Lookup("a", {.wait = true});
  rig_.shard().Drain();
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by names");
}

TEST_F(WaitingTest, APutBetweenTheCachesMissAndTheEndOfTheRaceIsNotMissed) {
  rig_.Lookup("a", {.wait = true});
  rig_.Lookup("plain");
  rig_.CachesMiss();
  rig_.Put("writer", "k", "v", seconds(9));
  Confirm();
  EXPECT_TRUE(rig_.results.empty());
  rig_.names->Answer(absl::NotFoundError(""));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
  EXPECT_EQ(Describe(rig_.results["plain"]),
            "ALL_SOURCES_FAILED NOT_FOUND (shared)");
}

TEST_F(WaitingTest, AForgetAfterThatPutMakesThemWait) {
  rig_.Lookup("a", {.wait = true});
  rig_.Put("writer", "k", "v");
  rig_.Forget("writer 2", "k");
  NobodyHasIt();
  EXPECT_TRUE(rig_.results.empty());
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 1U);
}

TEST_F(WaitingTest, WhoAsksBesideAPutUnderWayGetsItsValue) {
  rig_.Put("writer", "k", "v");
  rig_.Lookup("a", {.wait = true});
  NobodyHasIt();
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
}

TEST_F(WaitingTest, WaitersAreServedThoughACacheFails) {
  rig_.Lookup("a", {.wait = true});
  NobodyHasIt();
  rig_.Put("writer", "k", "v");
  rig_.near_store->Answer(absl::UnavailableError(""));
  rig_.redis_store->Answer(absl::UnavailableError(""));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
  EXPECT_EQ(rig_.log.back(),
            "writer: UNAVAILABLE not confirmed by every cache: near "
            "UNAVAILABLE, redis UNAVAILABLE");
}

TEST_F(WaitingTest, AWaiterWhoIsServedMayEndOthersAndComeBack) {
  for (const char* who : {"a", "b", "c"}) rig_.Lookup(who, {.wait = true});
  NobodyHasIt();
  rig_.when_answered["a"] = [&] {
    rig_.Leave("a");
    rig_.Leave("b");
    rig_.Lookup("again", {.wait = true});
  };
  rig_.Put("writer", "k", "v");
  EXPECT_EQ(rig_.results.count("b"), 0U);
  EXPECT_EQ(rig_.results.count("c"), 1U);
  EXPECT_EQ(rig_.results.count("again"), 0U);
}

TEST_F(WaitingTest, AWaiterWhoIsServedMayPutAgain) {
  for (const char* who : {"a", "b"}) rig_.Lookup(who, {.wait = true});
  NobodyHasIt();
  rig_.when_answered["a"] = [&] { rig_.Put("writer 2", "k", "w"); };
  rig_.Put("writer", "k", "v");
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
  EXPECT_EQ(Describe(rig_.results["b"]), "value \"w\" by put (shared)");
}

TEST_F(WaitingTest, InATableWithoutCachesAPutServesItsWaiters) {
  rig_.entrants.erase(rig_.entrants.begin(), rig_.entrants.begin() + 2);
  rig_.caches.clear();
  rig_.Lookup("a", {.wait = true});
  rig_.names->Answer(absl::NotFoundError(""));
  rig_.TakeLog();
  rig_.Put("writer", "k", "v");
  rig_.loop.RunUntilIdle();
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("a: value \"v\" by put", "writer: OK"));
}

TEST_F(WaitingTest, WhoBeginsToWaitIsToldSoOnce) {
  int parked = 0;
  const auto lookup = [&](std::string_view key, bool wait) {
    return rig_.shard().Lookup({.call = TableRig::Call(key),
                                .wait_for_value = wait,
                                .parked = [&] { ++parked; }},
                               [](const LookupResult&) {});
  };
  const auto waits = lookup("k", true);
  const auto shares = lookup("k", true);
  const auto does_not = lookup("k", false);
  EXPECT_EQ(parked, 0);
  NobodyHasIt();
  EXPECT_EQ(parked, 2);
  rig_.Put("writer", "k", "v");
  EXPECT_EQ(parked, 2);
}

TEST_F(WaitingTest, WhoIsRefusedOrFindsItIsNotToldToWait) {
  int parked = 0;
  const auto lookup = [&](std::string_view key) {
    return rig_.shard().Lookup({.call = TableRig::Call(key),
                                .wait_for_value = true,
                                .parked = [&] { ++parked; }},
                               [](const LookupResult&) {});
  };
  const auto finds = lookup("k");
  rig_.names->Answer(TextValue("v"));
  rig_.shard().Drain();
  const auto refused = lookup("l");
  NobodyHasIt();
  EXPECT_EQ(parked, 0);
}

TEST_F(WaitingTest, Fault66_TenThousandWaitersAndOnePut) {
  constexpr int kWaiters = 10000;
  std::vector<std::unique_ptr<Attempt>> attempts;
  std::vector<int> answered(kWaiters, 0);
  std::vector<int> order;
  for (int i = 0; i < kWaiters; ++i) {
    attempts.push_back(rig_.shard().Lookup(
        {.call = TableRig::Call("k"), .wait_for_value = true},
        [&, i](const LookupResult& result) {
          answered[i] += result.outcome.ok() && result.source == "put" ? 1 : 99;
          order.push_back(i);
        }));
  }
  NobodyHasIt();
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), size_t{kWaiters});
  rig_.Put("writer", "k", "v");
  EXPECT_EQ(answered, std::vector<int>(kWaiters, 1));
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  Confirm();
  rig_.Put("writer", "k", "w");
  Confirm();
  EXPECT_EQ(order.size(), size_t{kWaiters});
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingTest, Fault67_WaitersThatTimeOutLeaveNothingBehind) {
  rig_.settings.max_waiters = 3;
  for (int round = 0; round < 3; ++round) {
    for (const char* who : {"a", "b", "c"}) {
      rig_.Lookup(who, {.deadline = seconds(2), .wait = true});
    }
    NobodyHasIt();
    rig_.loop.Advance(seconds(2));
    // Nobody is refused for those of the round before.
    EXPECT_EQ(Describe(rig_.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
    EXPECT_EQ(Describe(rig_.results["c"]),
              "DEADLINE DEADLINE_EXCEEDED (shared)");
    EXPECT_TRUE(rig_.Quiet());
    rig_.TakeLog();
  }
  rig_.Put("writer", "k", "v");
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("near.store start", "redis.store start"));
}

}  // namespace
}  // namespace frontrunner
