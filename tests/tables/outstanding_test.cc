#include "server/tables/outstanding.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

TimePoint At(int milliseconds_after) {
  return TimePoint(milliseconds(milliseconds_after));
}

/// The keys, the oldest first; those who wait in brackets.
std::string Keys(OutstandingList list) {
  std::string keys;
  for (const OutstandingLookup& lookup : std::move(list).TakeOldest()) {
    if (!keys.empty()) keys += ' ';
    keys += lookup.waiting ? "(" + lookup.call->key + ")" : lookup.call->key;
  }
  return keys;
}

TEST(OutstandingList, KeepsTheOldestInTheirOrder) {
  OutstandingList list(2);
  list.Add(TableRig::Call("b"), 0, At(2), false);
  list.Add(TableRig::Call("c"), 0, At(3), false);
  list.Add(TableRig::Call("a"), 0, At(1), false);
  list.Add(TableRig::Call("d"), 0, At(4), false);
  EXPECT_EQ(list.racing(), 4U);
  EXPECT_EQ(Keys(std::move(list)), "a b");
}

TEST(OutstandingList, CountsThoseWhoWaitApart) {
  OutstandingList list(10);
  list.Add(TableRig::Call("a"), 0, At(1), false);
  list.Add(TableRig::Call("b"), 0, At(2), true);
  EXPECT_EQ(list.racing(), 1U);
  EXPECT_EQ(list.waiting(), 1U);
  EXPECT_EQ(Keys(std::move(list)), "a (b)");
}

TEST(OutstandingList, MergesWhatOthersHaveFound) {
  OutstandingList list(2);
  list.Add(TableRig::Call("c"), 0, At(3), false);
  OutstandingList other(2);
  other.Add(TableRig::Call("a"), 0, At(1), false);
  other.Add(TableRig::Call("b"), 0, At(2), true);
  list.Merge(std::move(other));
  EXPECT_EQ(list.racing(), 2U);
  EXPECT_EQ(list.waiting(), 1U);
  EXPECT_EQ(Keys(std::move(list)), "a (b)");
}

TEST(OutstandingList, KeepingNobodyItStillCounts) {
  OutstandingList list(0);
  list.Add(TableRig::Call("a"), 0, At(1), false);
  EXPECT_EQ(list.racing(), 1U);
  EXPECT_EQ(Keys(std::move(list)), "");
}

TEST(TableShard, ListsThoseWhoRaceAndThoseWhoWait) {
  TableRig rig;
  rig.Lookup("waiter", {.key = "w", .wait = true});
  rig.loop.RunUntilIdle();
  rig.CachesMiss();
  rig.names->Answer(absl::NotFoundError(""));
  rig.loop.Advance(milliseconds(5));
  rig.Lookup("racer", {.key = "r", .priority = 7});
  rig.loop.RunUntilIdle();

  OutstandingList list(10);
  rig.shard().ListTo(list);
  const auto lookups = std::move(list).TakeOldest();
  ASSERT_EQ(lookups.size(), 2U);
  EXPECT_EQ(lookups[0].call->key, "w");
  EXPECT_TRUE(lookups[0].waiting);
  EXPECT_EQ(lookups[1].call->key, "r");
  EXPECT_FALSE(lookups[1].waiting);
  EXPECT_EQ(lookups[1].priority, 7);
  EXPECT_EQ(lookups[1].began - lookups[0].began, milliseconds(5));
}

TEST(TableShard, ListsNobodyWhenAllHaveLeft) {
  TableRig rig;
  rig.Lookup("one");
  rig.loop.RunUntilIdle();
  rig.Leave("one");
  OutstandingList list(10);
  rig.shard().ListTo(list);
  EXPECT_EQ(list.racing() + list.waiting(), 0U);
}

}  // namespace
}  // namespace frontrunner
