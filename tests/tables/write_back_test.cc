#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "server/tables/freshness.h"
#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WriteBackTest : public testing::Test {
 protected:
  WriteBackTest() {
    rig_.settings.write_back = TableSettings::WriteBack{.ttl = minutes(10)};
  }

  /// The Value of a source that says how long it stays fresh.
  static Value Fresh(std::string_view text, Duration fresh_for) {
    Value value = TextValue(text);
    value.fresh_for = fresh_for;
    return value;
  }

  TableRig rig_;
};

TEST_F(WriteBackTest, ABackendsValueGoesToEveryCacheAfterTheAnswer) {
  rig_.Lookup("a");
  rig_.CachesMiss();
  rig_.TakeLog();
  rig_.names->Answer(TextValue("v"));
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("names done", "a: value \"v\" by names",
                          "near.store start", "redis.store start"));
  const Query& query = rig_.redis_store->last_query();
  EXPECT_EQ(query.call->key, "k");
  EXPECT_EQ(*query.to_store->bytes, "v");
  EXPECT_EQ(query.to_store->produced, rig_.loop.WallNow());
  EXPECT_EQ(query.to_store->ttl, Duration(minutes(10)));
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  EXPECT_EQ(rig_.Count(&TableCounters::write_backs), 2U);
  EXPECT_EQ(rig_.Count(&TableCounters::write_back_failures), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WriteBackTest, ATableWithoutItStoresNothing) {
  rig_.settings.write_back.reset();
  rig_.Lookup("a");
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.near_store->started(), 0);
  EXPECT_FALSE(rig_.results["a"].outcome->fresh_for);
}

TEST_F(WriteBackTest, ACacheThatWasOvertakenIsFilledToo) {
  rig_.Lookup("a");
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.redis->underway(), 0U);
  EXPECT_EQ(rig_.redis_store->started(), 1);
}

TEST_F(WriteBackTest, ACacheThatFailedIsLeftAlone) {
  rig_.Lookup("a");
  rig_.redis->Answer(absl::UnavailableError("down"));
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.near_store->started(), 1);
  EXPECT_EQ(rig_.redis_store->started(), 0);
}

TEST_F(WriteBackTest, ABypassFillsEveryCache) {
  rig_.Lookup("a", {.policy = CachePolicy::kBypass});
  EXPECT_EQ(rig_.redis->started(), 0);
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.near_store->started(), 1);
  EXPECT_EQ(rig_.redis_store->started(), 1);
}

TEST_F(WriteBackTest, AHitInMemoryWritesNothing) {
  rig_.near->set_peek(TextValue("v"));
  rig_.Lookup("a");
  rig_.loop.RunUntilIdle();
  EXPECT_THAT(rig_.TakeLog(), ElementsAre("a: value \"v\" by near"));
}

TEST_F(WriteBackTest, ACachesValueGoesOnlyToThoseThatMissed) {
  const auto mc = std::make_shared<FakeSource>("mc", &rig_.log);
  rig_.entrants.push_back(Entrant{.source = mc, .is_cache = true});
  rig_.caches.push_back({"mc", 3, Cache{mc, mc, mc}});
  rig_.Lookup("a");
  rig_.TakeLog();
  rig_.redis->Answer(Fresh("v", seconds(3)));
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("redis done", "names cancel", "mc cancel",
                          "a: value \"v\" by redis", "near.store start"));
  EXPECT_EQ(rig_.near_store->last_query().to_store->ttl, Duration(seconds(3)));
}

TEST_F(WriteBackTest, AgeIsTakenOffTheTimeProduced) {
  rig_.Lookup("a");
  Value value = TextValue("v");
  value.age = seconds(5);
  rig_.names->Answer(value);
  EXPECT_EQ(rig_.near_store->last_query().to_store->produced,
            rig_.loop.WallNow() - seconds(5));
}

TEST_F(WriteBackTest, WhatTheSourceSaidBeatsTheTablesTtl) {
  rig_.Lookup("a");
  rig_.names->Answer(Fresh("v", std::chrono::hours(5)));
  EXPECT_EQ(rig_.near_store->last_query().to_store->ttl,
            Duration(std::chrono::hours(5)));
  EXPECT_EQ(rig_.results["a"].outcome->fresh_for,
            Duration(std::chrono::hours(5)));
}

TEST_F(WriteBackTest, TheCallerIsToldTheTablesTtlWhereTheSourceSaidNothing) {
  rig_.Lookup("a");
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.results["a"].outcome->fresh_for, Duration(minutes(10)));
}

TEST_F(WriteBackTest, ZeroMeansDoNotStore) {
  rig_.Lookup("a");
  rig_.names->Answer(Fresh("v", Duration(0)));
  EXPECT_EQ(rig_.near_store->started(), 0);
  EXPECT_EQ(rig_.results["a"].outcome->fresh_for, Duration(0));
}

TEST_F(WriteBackTest, AStaleValueIsNotStored) {
  rig_.Lookup("a");
  Value value = TextValue("v");
  value.stale = true;
  rig_.names->Answer(value);
  EXPECT_EQ(rig_.near_store->started(), 0);
}

TEST_F(WriteBackTest, FailuresAndMissesAreNotStored) {
  rig_.Lookup("a");
  rig_.CachesMiss();
  rig_.names->Answer(absl::NotFoundError(""));
  rig_.Lookup("b");
  rig_.CachesMiss();
  rig_.names->Answer(absl::InternalError("bug"));
  EXPECT_EQ(rig_.near_store->started(), 0);
  EXPECT_EQ(rig_.redis_store->started(), 0);
}

TEST_F(WriteBackTest, NothingIsStoredOfARaceThatWasGivenUp) {
  rig_.Lookup("a", {.deadline = milliseconds(1)});
  rig_.loop.Advance(milliseconds(1));
  EXPECT_EQ(rig_.near_store->started(), 0);
}

TEST_F(WriteBackTest, ItIsBoundedAndWhatIsSkippedIsCounted) {
  rig_.settings.max_write_backs = 3;
  for (const char* key : {"k", "l"}) {
    rig_.Lookup(key, {.key = key});
    rig_.names->Answer(TextValue("v"));
  }
  EXPECT_EQ(rig_.Count(&TableCounters::write_backs), 3U);
  EXPECT_EQ(rig_.Count(&TableCounters::write_backs_skipped), 1U);
  rig_.near_store->Answer(TextValue(""));
  rig_.Lookup("m", {.key = "m"});
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.Count(&TableCounters::write_backs), 4U);
  EXPECT_EQ(rig_.Count(&TableCounters::write_backs_skipped), 2U);
}

TEST_F(WriteBackTest, APutDuringTheRaceBeatsIt) {
  rig_.Lookup("a");
  rig_.Put("writer", "k", "new");
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  rig_.TakeLog();
  rig_.names->Answer(TextValue("old"));
  EXPECT_THAT(rig_.TakeLog(), ElementsAre("names done", "redis cancel",
                                          "a: value \"old\" by names"));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WriteBackTest, AForgetDuringTheRaceBeatsItWhateverThePolicyAndHops) {
  rig_.Lookup("a", {.policy = CachePolicy::kBypass, .hops = 2});
  rig_.Forget("writer", "k");
  rig_.names->Answer(TextValue("old"));
  EXPECT_EQ(rig_.near_store->started(), 0);
}

TEST_F(WriteBackTest, APutOfAnotherKeyDoesNot) {
  rig_.Lookup("a");
  rig_.Put("writer", "l", "new");
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.near_store->started(), 2);
}

TEST_F(WriteBackTest, APutBeatsWriteBacksThatAreUnderWay) {
  rig_.Lookup("a");
  rig_.names->Answer(TextValue("old"));
  rig_.TakeLog();
  rig_.Put("writer", "k", "new");
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("near.store cancel", "redis.store cancel",
                          "near.store start", "redis.store start"));
  rig_.near_store->Answer(TextValue(""));
  rig_.redis_store->Answer(TextValue(""));
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("near.store done", "redis.store done", "writer: OK"));
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WriteBackTest, WhatAPutAbandonedLeavesRoomForOthers) {
  rig_.settings.max_write_backs = 2;
  rig_.Lookup("a");
  rig_.names->Answer(TextValue("old"));
  rig_.Forget("writer", "k");
  rig_.Lookup("b", {.key = "l"});
  rig_.names->Answer(TextValue("v"));
  EXPECT_EQ(rig_.Count(&TableCounters::write_backs_skipped), 0U);
}

TEST_F(WriteBackTest, ARaceThatBeganBesideAForgetMayHaveSeenTheOldValue) {
  rig_.Forget("writer", "k");
  rig_.Lookup("a");
  rig_.near_erase->Answer(TextValue(""));
  rig_.redis_erase->Answer(TextValue(""));
  rig_.redis->Answer(TextValue("old"));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"old\" by redis");
  EXPECT_EQ(rig_.near_store->started(), 0);
}

TEST_F(WriteBackTest, ACallerWhoPutsWhenAnsweredBeatsIt) {
  rig_.Lookup("a");
  rig_.when_answered["a"] = [&] { rig_.Put("writer", "k", "new"); };
  rig_.names->Answer(TextValue("old"));
  EXPECT_EQ(rig_.near_store->started(), 1);
  EXPECT_EQ(*rig_.near_store->last_query().to_store->bytes, "new");
}

TEST(TtlFor, JitterShortensByUpToItsFraction) {
  Random random(1);
  const TableSettings::WriteBack write_back{.ttl = seconds(100), .jitter = 0.1};
  std::set<Duration> seen;
  for (int i = 0; i < 1000; ++i) {
    const Duration ttl = *TtlFor(TextValue("v"), write_back, random);
    EXPECT_LE(ttl, seconds(100));
    EXPECT_GT(ttl, seconds(90));
    seen.insert(ttl);
  }
  EXPECT_GT(seen.size(), 990U);
  EXPECT_LT(*seen.begin(), seconds(91));
  EXPECT_GT(*seen.rbegin(), seconds(99));
}

TEST(TtlFor, TheSameSeedGivesTheSameTtl) {
  Random one(5);
  Random two(5);
  const TableSettings::WriteBack write_back{.ttl = seconds(100), .jitter = 1};
  EXPECT_EQ(TtlFor(TextValue("v"), write_back, one),
            TtlFor(TextValue("v"), write_back, two));
}

TEST(ValueOfPut, AWallClockThatJumpedBackMakesNoNegativeAge) {
  ToStore put;
  put.bytes = MakeBytes("v");
  put.produced = WallTime(seconds(100));
  EXPECT_EQ(ValueOf(put, WallTime(seconds(90))).age, Duration(0));
  EXPECT_EQ(ValueOf(put, WallTime(seconds(103))).age, Duration(seconds(3)));
}

}  // namespace
}  // namespace frontrunner
