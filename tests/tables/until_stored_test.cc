#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UntilStoredTest : public testing::Test {
 protected:
  UntilStoredTest() {
    rig_.settings.write_back = TableSettings::WriteBack{.ttl = minutes(10)};
  }

  void Prefetch(const std::string& who) {
    rig_.Lookup(who, {.until_stored = true});
  }
  /// What has been logged when everything that is due has run.
  EventLog Log() {
    rig_.loop.RunUntilIdle();
    return rig_.TakeLog();
  }
  std::string MessageTo(const std::string& who) {
    return std::string(rig_.results[who].outcome.status().message());
  }

  TableRig rig_;
};

TEST_F(UntilStoredTest, TheAnswerComesWhenEveryCacheThatLackedItHasIt) {
  Prefetch("a");
  rig_.CachesMiss();
  rig_.names->Answer(TextValue("v"));
  rig_.near_store->Answer(TextValue(""));
  EXPECT_THAT(Log(), testing::Not(testing::Contains(HasSubstr("a: "))));
  rig_.redis_store->Answer(TextValue(""));
  EXPECT_THAT(Log(),
              ElementsAre("redis.store done", "a: value \"v\" by names"));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, ItsTimeBeginsWhenItsTurnHasCome) {
  for (const bool coalesce : {true, false}) {
    TableRig rig;
    rig.settings.coalesce = coalesce;
    rig.settings.write_back = TableSettings::WriteBack{.ttl = minutes(10)};
    rig.names->set_turn_came(kNever);
    rig.Lookup("a", {.until_stored = true});
    rig.CachesMiss();
    rig.loop.Advance(milliseconds(400));
    rig.names->set_turn_came(rig.loop.Now());
    rig.loop.Advance(milliseconds(499));
    EXPECT_EQ(rig.results.count("a"), 0U);
    rig.loop.Advance(milliseconds(1));
    ASSERT_EQ(rig.results.count("a"), 1U);
    EXPECT_EQ(rig.results["a"].reason, Reason::kDeadline);
    EXPECT_TRUE(rig.Quiet());
  }
}

TEST_F(UntilStoredTest, ItsTimeIsOverIfItsTurnHasNotComeByThen) {
  rig_.names->set_turn_came(kNever);
  Prefetch("a");
  rig_.CachesMiss();
  rig_.loop.Advance(milliseconds(500));
  ASSERT_EQ(rig_.results.count("a"), 1U);
  EXPECT_EQ(rig_.results["a"].reason, Reason::kDeadline);
}

TEST_F(UntilStoredTest, OthersGetNoMoreTimeForATurnThatCameLate) {
  rig_.names->set_turn_came(kNever);
  Prefetch("a");
  rig_.Lookup("b");
  rig_.CachesMiss();
  rig_.loop.Advance(milliseconds(400));
  rig_.names->set_turn_came(rig_.loop.Now());
  rig_.loop.Advance(milliseconds(100));
  EXPECT_EQ(rig_.results.count("a"), 0U);
  EXPECT_EQ(rig_.results.count("b"), 1U);
}

TEST_F(UntilStoredTest, StoringHasItsOwnTime) {
  Prefetch("a");
  rig_.CachesMiss();
  rig_.loop.Advance(milliseconds(499));
  rig_.names->Answer(TextValue("v"));
  rig_.loop.Advance(milliseconds(499));
  EXPECT_EQ(rig_.results.count("a"), 0U);
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  Log();
  EXPECT_TRUE(rig_.results["a"].outcome.ok());
}

TEST_F(UntilStoredTest, OthersOfTheSameRaceDoNotWait) {
  Prefetch("a");
  rig_.Lookup("b");
  Prefetch("c");
  rig_.CachesMiss();
  rig_.TakeLog();
  rig_.names->Answer(TextValue("v"));
  EXPECT_THAT(Log(),
              ElementsAre("names done", "b: value \"v\" by names (shared)",
                          "near.store start", "redis.store start"));
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  EXPECT_THAT(Log(), ElementsAre("near.store done", "redis.store done",
                                 "a: value \"v\" by names",
                                 "c: value \"v\" by names (shared)"));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, AStoreThatFailsIsNamed) {
  Prefetch("a");
  rig_.CachesMiss();
  rig_.names->Answer(TextValue("v"));
  rig_.redis_store->Answer(absl::ResourceExhaustedError("OOM"));
  EXPECT_EQ(rig_.results.count("a"), 0U);
  rig_.near_store->Answer(TextValue(""));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "CACHES_FAILED UNAVAILABLE");
  EXPECT_EQ(MessageTo("a"),
            "not stored in every cache: redis RESOURCE_EXHAUSTED");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, ACacheThatFailedInTheRaceDoesNotHaveIt) {
  Prefetch("a");
  rig_.redis->Answer(absl::UnavailableError("down"));
  rig_.names->Answer(TextValue("v"));
  rig_.near_store->Answer(TextValue(""));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(MessageTo("a"), "not stored in every cache: redis UNAVAILABLE");
}

TEST_F(UntilStoredTest, AValueFromACacheGoesToThoseThatMissed) {
  Prefetch("a");
  rig_.redis->Answer(TextValue("v"));
  EXPECT_EQ(rig_.redis_store->started(), 0);
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(rig_.results.count("a"), 0U);
  rig_.near_store->Answer(TextValue(""));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by redis");
}

TEST_F(UntilStoredTest, WhereNothingLacksItTheAnswerComesAtOnce) {
  rig_.near->set_peek(TextValue("v"));
  Prefetch("a");
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by near");
  EXPECT_EQ(rig_.near_store->started(), 0);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, ATableThatStoresNothingAnswersAtOnce) {
  rig_.settings.write_back.reset();
  EXPECT_FALSE(rig_.shard().stores());
  Prefetch("a");
  rig_.names->Answer(TextValue("v"));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by names");
}

TEST_F(UntilStoredTest, ATableWithoutCachesStoresNothing) {
  EXPECT_TRUE(rig_.shard().stores());
  rig_.DestroyShard();
  rig_.caches.clear();
  EXPECT_FALSE(rig_.shard().stores());
}

TEST_F(UntilStoredTest, AFailedRaceIsAnsweredAtOnce) {
  Prefetch("a");
  rig_.CachesMiss();
  rig_.TakeLog();
  rig_.names->Answer(absl::NotFoundError(""));
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("names done", "a: ALL_SOURCES_FAILED NOT_FOUND"));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, AValueThatMayNotBeKeptIsNotStored) {
  Prefetch("a");
  Value value = TextValue("v");
  value.fresh_for = Duration(0);
  rig_.names->Answer(value);
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "CACHES_FAILED UNAVAILABLE");
  EXPECT_THAT(MessageTo("a"), HasSubstr("near FAILED_PRECONDITION"));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, ABoundOfOurOwnIsWorthAnotherTry) {
  rig_.settings.max_write_backs = 1;
  Prefetch("a");
  rig_.names->Answer(TextValue("v"));
  rig_.near_store->Answer(TextValue(""));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "OVERLOADED UNAVAILABLE");
  EXPECT_THAT(MessageTo("a"), HasSubstr("redis RESOURCE_EXHAUSTED"));
}

TEST_F(UntilStoredTest, ADeadlineWhileItIsStoredNamesTheCache) {
  Prefetch("a");
  rig_.names->Answer(TextValue("v"));
  rig_.near_store->Answer(TextValue(""));
  rig_.loop.Advance(milliseconds(499));
  EXPECT_EQ(rig_.results.count("a"), 0U);
  rig_.loop.Advance(milliseconds(1));
  EXPECT_EQ(Describe(rig_.results["a"]), "CACHES_FAILED UNAVAILABLE");
  EXPECT_THAT(MessageTo("a"), HasSubstr("redis DEADLINE_EXCEEDED"));
  // The write-back itself goes on.
  rig_.redis_store->Answer(TextValue(""));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, APutDuringTheRaceCounts) {
  Prefetch("a");
  rig_.Put("writer", "k", "new");
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  rig_.names->Answer(TextValue("old"));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"old\" by names");
}

TEST_F(UntilStoredTest, APutThatOvertakesTheWriteBackCounts) {
  Prefetch("a");
  rig_.names->Answer(TextValue("old"));
  rig_.redis_store->Answer(absl::UnavailableError(""));
  rig_.Put("writer", "k", "new");
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"old\" by names");
}

TEST_F(UntilStoredTest, WhoLeavesDisturbsNobody) {
  Prefetch("a");
  Prefetch("b");
  rig_.names->Answer(TextValue("v"));
  rig_.Leave("a");
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(rig_.results.count("a"), 0U);
  EXPECT_EQ(Describe(rig_.results["b"]), "value \"v\" by names (shared)");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, AllMayLeaveAndTheValueIsStoredAllTheSame) {
  Prefetch("a");
  rig_.names->Answer(TextValue("v"));
  rig_.Leave("a");
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(UntilStoredTest, ATableThatGoesLeavesThemUnanswered) {
  Prefetch("a");
  rig_.names->Answer(TextValue("v"));
  rig_.DestroyShard();
  rig_.loop.RunUntilIdle();
  EXPECT_EQ(rig_.results.count("a"), 0U);
  rig_.Leave("a");
  EXPECT_TRUE(rig_.Quiet());
}

}  // namespace
}  // namespace frontrunner
