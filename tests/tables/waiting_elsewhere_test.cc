#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tables/fake_watch.h"
#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;

/// A table whose cache `redis` tells of Puts on other servers.
class WaitingElsewhereTest : public testing::Test {
 protected:
  WaitingElsewhereTest() {
    rig_.caches[1].cache.watch = watch_;
    rig_.settings.deadline = minutes(1);
    rig_.settings.max_wait = minutes(1000);
  }

  void NobodyHasIt() {
    rig_.redis->Answer(absl::NotFoundError(""));
    rig_.names->Answer(absl::NotFoundError(""));
  }
  /// Callers who wait for "k", all for one race.
  void Wait(const std::vector<std::string>& callers, const Ask& ask = {}) {
    Ask wait = ask;
    wait.wait = true;
    for (const std::string& caller : callers) rig_.Lookup(caller, wait);
    if (ask.policy != CachePolicy::kBypass) {
      rig_.redis->Answer(absl::NotFoundError(""));
    }
    rig_.names->Answer(absl::NotFoundError(""));
    ASSERT_EQ(rig_.results.count(callers.front()), 0U);
    rig_.TakeLog();
  }
  static Value Found(std::string_view text, Duration age = Duration(0)) {
    Value value = TextValue(text);
    value.age = age;
    return value;
  }

  TableRig rig_;
  std::shared_ptr<FakeWatch> watch_ = std::make_shared<FakeWatch>(&rig_.log);
};

TEST_F(WaitingElsewhereTest, APutElsewhereAnswersEverybodyInOrder) {
  rig_.Lookup("b", {.wait = true});
  rig_.Lookup("a", {.wait = true});
  EXPECT_EQ(watch_->watched(), 0U);
  rig_.TakeLog();
  NobodyHasIt();
  rig_.Lookup("c", {.wait = true});
  NobodyHasIt();
  EXPECT_EQ(watch_->watched(), 1U);
  rig_.TakeLog();
  watch_->Change("k");
  EXPECT_THAT(rig_.TakeLog(), ElementsAre("redis start"));
  EXPECT_EQ(rig_.redis->last_query().call->key, "k");
  Value value = Found("v", seconds(3));
  value.fresh_for = seconds(9);
  rig_.redis->Answer(std::move(value));
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("redis done", "b: value \"v\" by put",
                          "a: value \"v\" by put (shared)", "unwatch k",
                          "c: value \"v\" by put"));
  EXPECT_EQ(rig_.results["b"].outcome->age, Duration(seconds(3)));
  EXPECT_EQ(rig_.results["b"].outcome->fresh_for, Duration(seconds(9)));
  EXPECT_TRUE(rig_.results["b"].race);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, NobodyIsWatchedForWhoDoesNotWait) {
  rig_.Lookup("a");
  NobodyHasIt();
  EXPECT_EQ(watch_->watched(), 0U);
  rig_.shard().Drain();
  rig_.Lookup("b", {.wait = true});
  NobodyHasIt();
  EXPECT_EQ(watch_->watched(), 0U);
}

TEST_F(WaitingElsewhereTest, ALookThatFindsNothingLetsThemWaitOn) {
  Wait({"a"});
  watch_->Change("k");
  rig_.redis->Answer(absl::NotFoundError(""));
  EXPECT_TRUE(rig_.results.empty());
  rig_.loop.Advance(seconds(30));
  EXPECT_EQ(rig_.redis->underway(), 0U);
  watch_->Change("k");
  rig_.redis->Answer(Found("v"));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
}

TEST_F(WaitingElsewhereTest, LooksOnceAtATimeAndOnceMoreAfterAChange) {
  Wait({"a"});
  for (int i = 0; i < 5; ++i) watch_->Change("k");
  EXPECT_EQ(rig_.redis->underway(), 1U);
  rig_.redis->Answer(absl::NotFoundError(""));
  EXPECT_EQ(rig_.redis->underway(), 1U);
  rig_.redis->Answer(absl::NotFoundError(""));
  EXPECT_EQ(rig_.redis->underway(), 0U);
  EXPECT_TRUE(rig_.results.empty());
}

TEST_F(WaitingElsewhereTest, WhoComesToWaitDisturbsNoWatch) {
  Wait({"a"});
  watch_->Change("k");
  rig_.Lookup("b", {.policy = CachePolicy::kBypass, .wait = true});
  rig_.TakeLog();
  rig_.names->Answer(absl::NotFoundError(""));
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 2U);
  EXPECT_THAT(rig_.TakeLog(), ElementsAre("names done"));
}

TEST_F(WaitingElsewhereTest, EachKeyIsWatchedByItself) {
  Wait({"a"});
  Wait({"b"}, {.key = "l"});
  EXPECT_EQ(watch_->watched(), 2U);
  watch_->Change("l");
  rig_.redis->Answer(Found("v"));
  EXPECT_EQ(Describe(rig_.results["b"]), "value \"v\" by put");
  EXPECT_EQ(rig_.results.count("a"), 0U);
  EXPECT_EQ(watch_->watched(), 1U);
}

TEST_F(WaitingElsewhereTest, EveryCacheThatTellsIsWatched) {
  const auto second = std::make_shared<FakeWatch>(&rig_.log);
  rig_.caches[0].cache.watch = second;
  Wait({"a"});
  EXPECT_EQ(second->watched(), 1U);
  watch_->Change("k");
  second->Change("k");
  EXPECT_EQ(rig_.near->underway(), 1U);
  rig_.near->Answer(Found("v"));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
  EXPECT_EQ(watch_->watched() + second->watched(), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, APutHereAnswersAtOnceAndEndsLookAndWatch) {
  Wait({"a"});
  watch_->Change("k");
  rig_.Put("writer", "k", "v");
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
  EXPECT_EQ(watch_->watched(), 0U);
  EXPECT_EQ(rig_.redis->underway(), 0U);
}

TEST_F(WaitingElsewhereTest, ACacheThatCanNotBeAskedIsAskedAgainLater) {
  Wait({"a"});
  watch_->Change("k");
  Duration delay = milliseconds(50);
  for (int i = 0; i < 12; ++i) {
    rig_.redis->Answer(absl::UnavailableError(""));
    rig_.loop.Advance(delay - milliseconds(1));
    EXPECT_EQ(rig_.redis->underway(), 0U);
    rig_.loop.Advance(milliseconds(1));
    EXPECT_EQ(rig_.redis->underway(), 1U);
    delay = std::min<Duration>(2 * delay, seconds(10));
  }
  // Once it says something the delays are short again.
  rig_.redis->Answer(absl::NotFoundError(""));
  watch_->Change("k");
  rig_.redis->Answer(absl::UnavailableError(""));
  rig_.loop.Advance(milliseconds(50));
  rig_.redis->Answer(Found("v"));
  EXPECT_EQ(Describe(rig_.results["a"]), "value \"v\" by put");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, AChangeDoesNotWaitForThat) {
  Wait({"a"});
  watch_->Change("k");
  rig_.redis->Answer(absl::UnavailableError(""));
  watch_->Change("k");
  EXPECT_EQ(rig_.redis->underway(), 1U);
  rig_.redis->Answer(absl::NotFoundError(""));
  rig_.loop.Advance(seconds(10));
  EXPECT_EQ(rig_.redis->underway(), 0U);
}

TEST_F(WaitingElsewhereTest, TheLastToLeaveEndsLookAndWatch) {
  Wait({"a", "b"});
  watch_->Change("k");
  rig_.Leave("a");
  EXPECT_EQ(watch_->watched(), 1U);
  rig_.Leave("b");
  EXPECT_EQ(watch_->watched(), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, TheLastToLeaveEndsTheNextLookToo) {
  Wait({"a"});
  watch_->Change("k");
  rig_.redis->Answer(absl::UnavailableError(""));
  EXPECT_FALSE(rig_.Quiet());
  rig_.Leave("a");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, DrainingEndsTheWatches) {
  Wait({"a"});
  Wait({"b"}, {.key = "l"});
  watch_->Change("k");
  rig_.shard().Drain();
  EXPECT_EQ(Describe(rig_.results["a"]), "DRAINING UNAVAILABLE");
  EXPECT_EQ(watch_->watched(), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, AShardThatGoesEndsTheWatches) {
  Wait({"a"});
  watch_->Change("k");
  rig_.DestroyShard();
  EXPECT_EQ(watch_->watched(), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, WhoIsServedMayEndOthersAndComeBack) {
  Wait({"a", "b", "c"});
  rig_.when_answered["a"] = [&] {
    rig_.Leave("a");
    rig_.Leave("b");
    rig_.Lookup("again", {.wait = true});
    NobodyHasIt();
  };
  rig_.when_answered["c"] = [&] { rig_.Leave("c"); };
  watch_->Change("k");
  rig_.redis->Answer(Found("v"));
  EXPECT_EQ(rig_.results.count("b"), 0U);
  EXPECT_EQ(rig_.results.count("c"), 1U);
  EXPECT_EQ(rig_.results.count("again"), 0U);
  // They share the watch of those before.
  EXPECT_EQ(watch_->watched(), 1U);
  watch_->Change("k");
  rig_.redis->Answer(Found("w"));
  EXPECT_EQ(Describe(rig_.results["again"]), "value \"w\" by put");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, TheLastToBeServedMayComeBack) {
  Wait({"a"});
  rig_.when_answered["a"] = [&] {
    rig_.Leave("a");
    rig_.Lookup("again", {.wait = true});
    NobodyHasIt();
  };
  watch_->Change("k");
  watch_->Change("k");  // so that another look begins with the first one's end
  rig_.redis->Answer(Found("v"));
  EXPECT_EQ(rig_.results.count("again"), 0U);
  EXPECT_EQ(watch_->watched(), 1U);
  EXPECT_EQ(rig_.redis->underway(), 0U);
  rig_.Leave("again");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, WhoBypassesCachesIsServedOnlyWhatIsYounger) {
  Wait({"default"});
  Wait({"bypass"}, {.policy = CachePolicy::kBypass});
  rig_.loop.Advance(seconds(5));
  watch_->Change("k");
  rig_.redis->Answer(Found("old", seconds(5) + milliseconds(1)));
  EXPECT_EQ(Describe(rig_.results["default"]), "value \"old\" by put");
  EXPECT_EQ(rig_.results.count("bypass"), 0U);
  watch_->Change("k");
  rig_.redis->Answer(Found("new", seconds(5)));
  EXPECT_EQ(Describe(rig_.results["bypass"]), "value \"new\" by put");
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, APutIsAnnouncedAndAWriteBackIsNot) {
  rig_.settings.write_back = {.ttl = minutes(10)};
  rig_.Put("writer", "k", "v");
  EXPECT_TRUE(rig_.redis_store->last_query().to_store->announce);
  rig_.redis_store->Answer(TextValue(""));
  rig_.near_store->Answer(TextValue(""));
  rig_.Lookup("a", {.key = "l"});
  rig_.CachesMiss();
  rig_.names->Answer(TextValue("v"));
  ASSERT_EQ(rig_.redis_store->underway(), 1U);
  EXPECT_FALSE(rig_.redis_store->last_query().to_store->announce);
}

TEST_F(WaitingElsewhereTest, Fault66_TenThousandWaitersAndOnePutElsewhere) {
  constexpr int kWaiters = 10000;
  rig_.settings.max_waiters = kWaiters;
  std::vector<std::unique_ptr<Attempt>> attempts;
  std::vector<int> answered(kWaiters, 0);
  for (int i = 0; i < kWaiters; ++i) {
    attempts.push_back(rig_.shard().Lookup(
        {.call = TableRig::Call("k"), .wait_for_value = true},
        [&answered, i](const LookupResult& result) {
          answered[i] += result.outcome.ok() && result.source == "put" ? 1 : 99;
        }));
  }
  NobodyHasIt();
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), size_t{kWaiters});
  EXPECT_EQ(watch_->watched(), 1U);
  const int started = rig_.redis->started();
  watch_->Change("k");
  rig_.redis->Answer(Found("v"));
  EXPECT_EQ(rig_.redis->started(), started + 1);
  EXPECT_EQ(answered, std::vector<int>(kWaiters, 1));
  EXPECT_EQ(watch_->watched(), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingElsewhereTest, Fault67_WaitersThatTimeOutLeaveNothingBehind) {
  std::vector<std::unique_ptr<Attempt>> attempts;
  int ended = 0;
  for (int i = 0; i < 1000; ++i) {
    attempts.push_back(rig_.shard().Lookup(
        {.call = TableRig::Call("k" + std::to_string(i % 100)),
         .deadline = rig_.loop.Now() + seconds(1 + i % 7),
         .wait_for_value = true},
        [&ended](const LookupResult& result) {
          EXPECT_EQ(result.reason, Reason::kDeadline);
          ++ended;
        }));
  }
  for (int i = 0; i < 100; ++i) NobodyHasIt();
  EXPECT_EQ(watch_->watched(), 100U);
  // One look under way, one that failed and waits, one that found nothing.
  watch_->Change("k1");
  watch_->Change("k2");
  watch_->Change("k3");
  rig_.redis->Answer(absl::UnavailableError(""));
  rig_.redis->Answer(absl::NotFoundError(""));
  EXPECT_FALSE(rig_.Quiet());
  rig_.loop.Advance(seconds(7) - milliseconds(1));
  EXPECT_LT(ended, 1000);
  EXPECT_GT(watch_->watched(), 0U);
  rig_.loop.Advance(milliseconds(1));
  EXPECT_EQ(ended, 1000);
  EXPECT_EQ(watch_->watched(), 0U);
  EXPECT_TRUE(rig_.Quiet());
}

}  // namespace
}  // namespace frontrunner
