/// Origin 6, asynchronous data structures: `get` gives a promise at once, `put`
/// feeds the oldest waiter or else stores, and neither blocks nor errors. Here
/// they are the dispatch queue, where a free place is what is waited for, and
/// the waiting list of a key, where its value is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tables/table_rig.h"
#include "tests/wrappers/queue_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeferredQueue : public QueueTest {};

TEST_F(DeferredQueue, AskingWhereNoPlaceIsFreeGivesAPromiseAtOnce) {
  Make({.width = 1});
  Ask("a");
  Log();
  Ask("b");
  EXPECT_NE(attempts_["b"], nullptr);
  Run();
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(Pending(), ElementsAre("b"));
}

TEST_F(DeferredQueue, APlaceThatGetsFreeGoesToTheOldestWaiter) {
  Make({.width = 1});
  for (const char* key : {"a", "c", "b"}) Ask(key);
  Log();
  source_->Answer("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a ok", "c starts"));
  source_->Answer("c");
  Run();
  EXPECT_THAT(Log(), ElementsAre("c ok", "b starts"));
}

TEST_F(DeferredQueue, WhereNobodyWaitsTheFreePlaceIsKeptForTheNext) {
  Make({.width = 0});
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  Run();
  Ask("a");
  EXPECT_THAT(Log(), ElementsAre("a starts")) << "inside Ask";
  source_->Answer("a");
  Run();
  Log();
  Ask("b");
  EXPECT_THAT(Log(), ElementsAre("b starts"));
}

TEST_F(DeferredQueue, NeitherBlocksNorErrorsHoweverManyCome) {
  constexpr int kMany = 10000;
  Make({.width = 0, .max_pending = kMany});
  for (int i = 0; i < kMany; ++i) Ask(std::to_string(i));
  Run();
  EXPECT_THAT(Log(), IsEmpty());
  ASSERT_TRUE(queue_->SetWidth(kMany).ok());
  Run();
  EXPECT_EQ(Log().size(), size_t{kMany});
  EXPECT_EQ(state().underway, size_t{kMany});
  ASSERT_TRUE(queue_->SetWidth(2 * kMany).ok());
  Run();
  EXPECT_THAT(Log(), IsEmpty());
}

TEST_F(DeferredQueue, AmongEqualsTheFirstToComeIsTheFirstToStart) {
  Make({.width = 0});
  for (const char* key : {"d", "b", "c", "a"}) Ask(key, {.priority = 1});
  for (const char* key : {"z", "x", "y"}) Ask(key, {.priority = 0});
  const EventLog order = {"z", "x", "y", "d", "b", "c", "a"};
  EXPECT_EQ(Pending(), order);
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  for (const std::string& key : order) {
    Run();
    EXPECT_EQ(Underway(), EventLog{key});
    source_->Answer(key);
  }
}

class WaitingList : public testing::Test {
 protected:
  void Wait(const std::string& who) {
    rig_.Lookup(who, {.wait = true});
    EXPECT_NE(rig_.attempts[who], nullptr);
    rig_.CachesMiss();
    rig_.names->Answer(absl::NotFoundError(""));
    rig_.loop.RunUntilIdle();
  }
  void Put() {
    rig_.TakeLog();
    rig_.Put("writer", "k", "v", minutes(1));
  }
  void Confirm() {
    rig_.near_store->Answer(TextValue(""));
    rig_.redis_store->Answer(TextValue(""));
    rig_.loop.RunUntilIdle();
  }

  TableRig rig_;
};

TEST_F(WaitingList, GettingWhatIsNotThereGivesAPromiseAtOnce) {
  Wait("a");
  EXPECT_THAT(rig_.results, IsEmpty());
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 1U);
}

TEST_F(WaitingList, APutFeedsTheWaitersTheOldestFirst) {
  for (const char* who : {"b", "c", "a"}) Wait(who);
  Put();
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("near.store start", "redis.store start",
                          "b: value \"v\" by put", "c: value \"v\" by put",
                          "a: value \"v\" by put"));
  Confirm();
  EXPECT_TRUE(rig_.Quiet());
}

TEST_F(WaitingList, WhereNobodyWaitsAPutStores) {
  Put();
  EXPECT_THAT(rig_.TakeLog(),
              ElementsAre("near.store start", "redis.store start"));
  EXPECT_EQ(*rig_.redis_store->last_query().to_store->bytes, "v");
  Confirm();
  EXPECT_THAT(rig_.TakeLog(), testing::Contains("writer: OK"));
}

TEST_F(WaitingList, APutThatFeedsWaitersStoresAsWellForThoseWhoComeLater) {
  Wait("a");
  Put();
  EXPECT_EQ(*rig_.near_store->last_query().to_store->bytes, "v");
  Confirm();
  EXPECT_EQ(rig_.Count(&TableCounters::waiting), 0U);
}

}  // namespace
}  // namespace frontrunner
