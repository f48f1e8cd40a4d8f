#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Put, IsOkWhenEveryCacheHasConfirmed) {
  TableRig rig;
  rig.Put("a", "k", "v", seconds(5));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("near.store start", "redis.store start"));
  EXPECT_EQ(rig.redis_store->last_query().to_store->ttl, Duration(seconds(5)));
  rig.redis_store->Answer(TextValue(""));
  EXPECT_THAT(rig.TakeLog(), ElementsAre("redis.store done"));
  rig.near_store->Answer(TextValue(""));
  EXPECT_THAT(rig.TakeLog(), ElementsAre("near.store done", "a: OK"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Put, WithoutATtlTakesTheTables) {
  TableRig rig;
  rig.settings.write_back = TableSettings::WriteBack{minutes(10), 0.5};
  rig.Put("a", "k", "v");
  EXPECT_EQ(rig.redis_store->last_query().to_store->ttl, Duration(minutes(10)));
}

TEST(Put, InATableWithoutWriteBackDoesNotExpire) {
  TableRig rig;
  rig.Put("a", "k", "v");
  EXPECT_FALSE(rig.redis_store->last_query().to_store->ttl);
}

TEST(Put, NamesTheCachesThatHaveNotConfirmed) {
  TableRig rig;
  rig.Put("a", "k", "v");
  rig.near_store->Answer(TextValue(""));
  rig.TakeLog();
  rig.redis_store->Answer(absl::ResourceExhaustedError("k"));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("redis.store done",
                          "a: UNAVAILABLE not confirmed by every cache: redis "
                          "RESOURCE_EXHAUSTED"));
}

TEST(Put, WaitsForTheOthersWhenOneHasFailed) {
  TableRig rig;
  rig.Put("a", "k", "v");
  rig.near_store->Answer(absl::InternalError(""));
  EXPECT_THAT(
      rig.TakeLog(),
      ElementsAre("near.store start", "redis.store start", "near.store done"));
  rig.redis_store->Answer(absl::UnavailableError(""));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("redis.store done",
                          "a: UNAVAILABLE not confirmed by every cache: near "
                          "INTERNAL, redis UNAVAILABLE"));
}

TEST(Put, EndsAtTheTablesDeadlineWhereItsCallerSetNone) {
  TableRig rig;
  rig.Put("a", "k", "v");
  rig.near_store->Answer(TextValue(""));
  rig.TakeLog();
  rig.loop.Advance(milliseconds(499));
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.Advance(milliseconds(1));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("redis.store cancel",
                          "a: UNAVAILABLE not confirmed by every cache: redis "
                          "DEADLINE_EXCEEDED"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Put, EndsAtItsCallersDeadline) {
  TableRig rig;
  rig.Put("a", "k", "v", std::nullopt, milliseconds(20));
  rig.loop.Advance(milliseconds(19));
  EXPECT_EQ(rig.redis_store->underway(), 1U);
  rig.loop.Advance(milliseconds(1));
  EXPECT_EQ(rig.redis_store->underway(), 0U);
}

TEST(Put, WithItsDeadlineOverTouchesNothing) {
  TableRig rig;
  rig.Lookup("waiting", {.wait = true});
  rig.CachesMiss();
  rig.names->Answer(absl::NotFoundError(""));
  rig.TakeLog();
  rig.Put("a", "k", "v", std::nullopt, Duration(0));
  rig.Forget("b", "k", Duration(0));
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.RunUntilIdle();
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("a: UNAVAILABLE the deadline was over before "
                          "anything was written",
                          "b: UNAVAILABLE the deadline was over before "
                          "anything was written"));
}

TEST(Put, InATableWithoutCachesIsOkAndNeverAnsweredInside) {
  TableRig rig;
  rig.entrants.erase(rig.entrants.begin(), rig.entrants.begin() + 2);
  rig.caches.clear();
  rig.Put("a", "k", "v");
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.RunUntilIdle();
  EXPECT_THAT(rig.TakeLog(), ElementsAre("a: OK"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Put, GoesOnWhenItsCallerHasLeft) {
  TableRig rig;
  rig.Put("a", "k", "v");
  rig.Leave("a");
  rig.TakeLog();
  rig.near_store->Answer(TextValue(""));
  rig.redis_store->Answer(TextValue(""));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("near.store done", "redis.store done"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Put, ThoseForWhomNobodyWaitsAreBounded) {
  TableRig rig;
  rig.settings.max_write_backs = 1;
  for (const char* who : {"a", "b", "c"}) rig.Put(who, who, "v");
  rig.Leave("a");
  EXPECT_EQ(rig.redis_store->underway(), 3U);
  rig.Leave("b");
  EXPECT_EQ(rig.redis_store->underway(), 2U);
  rig.redis_store->Answer(TextValue(""));
  rig.near_store->Answer(TextValue(""));
  rig.Leave("c");
  EXPECT_EQ(rig.redis_store->underway(), 1U);
  rig.loop.Advance(milliseconds(500));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Put, WhoAsksDuringItJoinsNoRaceFromBefore) {
  TableRig rig;
  rig.Lookup("before");
  rig.Put("writer", "k", "new");
  rig.Lookup("during");
  rig.Lookup("during too");
  EXPECT_EQ(rig.names->started(), 2);
  EXPECT_EQ(rig.Count(&TableCounters::coalesced), 1U);
}

TEST(Put, WhoAsksAfterItJoinsNoRaceFromDuring) {
  TableRig rig;
  rig.Put("writer", "k", "new");
  rig.Lookup("during");
  rig.near_store->Answer(TextValue(""));
  rig.redis_store->Answer(TextValue(""));
  rig.Lookup("after");
  EXPECT_EQ(rig.names->started(), 2);
  rig.redis->Answer(TextValue("old"));
  rig.redis->Answer(TextValue("new"));
  EXPECT_EQ(Describe(rig.results["during"]), "value \"old\" by redis");
  EXPECT_EQ(Describe(rig.results["after"]), "value \"new\" by redis");
}

TEST(Put, ItsCallerMayEndItsAttemptAndPutAgainWhenAnswered) {
  TableRig rig;
  rig.when_answered["a"] = [&] {
    rig.Leave("a");
    rig.Put("again", "k", "w");
  };
  rig.Put("a", "k", "v");
  rig.near_store->Answer(TextValue(""));
  rig.TakeLog();
  rig.redis_store->Answer(TextValue(""));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("redis.store done", "a: OK", "near.store start",
                          "redis.store start"));
}

TEST(Forget, IsOkWhenEveryCacheHasConfirmed) {
  TableRig rig;
  rig.Forget("a", "k");
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("near.erase start", "redis.erase start"));
  rig.redis_erase->Answer(TextValue(""));
  EXPECT_EQ(rig.redis_erase->last_query().call->key, "k");
  EXPECT_FALSE(rig.redis_erase->last_query().to_store);
  EXPECT_THAT(rig.TakeLog(), ElementsAre("redis.erase done"));
  rig.near_erase->Answer(TextValue(""));
  EXPECT_THAT(rig.TakeLog(), ElementsAre("near.erase done", "a: OK"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Forget, NamesTheCachesThatHaveNotConfirmed) {
  TableRig rig;
  rig.Forget("a", "k");
  rig.near_erase->Answer(TextValue(""));
  rig.redis_erase->Answer(absl::UnavailableError(""));
  EXPECT_EQ(rig.log.back(),
            "a: UNAVAILABLE not confirmed by every cache: redis UNAVAILABLE");
}

}  // namespace
}  // namespace frontrunner
