#include "server/sources/memory/memory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/sources/memory/memory_fixture.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MemoryStoreTest : public ::testing::Test {
 protected:
  /// The stored text, or "(miss)".
  std::string TextOf(const CallContext& call) {
    const std::optional<Value> value = store_.Get(call);
    return value ? *value->bytes : "(miss)";
  }

  FakeLoop clock_;
  MemoryStore store_{clock_, {.capacity = 1 << 20, .shards = 4}};
};

TEST_F(MemoryStoreTest, GivesWhatWasPut) {
  EXPECT_EQ(TextOf(CallFor("k")), "(miss)");
  EXPECT_TRUE(store_.Put(CallFor("k"), Fresh(clock_, "v")));
  EXPECT_EQ(TextOf(CallFor("k")), "v");
  const MemoryStats stats = store_.stats();
  EXPECT_EQ(stats.hits, 1u);
  EXPECT_EQ(stats.misses, 1u);
  EXPECT_EQ(stats.stored, 1u);
  EXPECT_EQ(stats.entries, 1u);
}

TEST_F(MemoryStoreTest, SharesTheBytesInsteadOfCopyingThem) {
  const ToStore to_store = Fresh(clock_, "v");
  store_.Put(CallFor("k"), to_store);
  EXPECT_EQ(store_.Get(CallFor("k"))->bytes.get(), to_store.bytes.get());
}

TEST_F(MemoryStoreTest, TellsApartTablesVersionsAndKeysEvenOfOneHash) {
  // All with the same hash, and table and key that only differ in their border.
  CallContext plain = CallFor("bc", "a", 1);
  CallContext other_border = CallFor("c", "ab", 1);
  CallContext other_version = CallFor("bc", "a", 2);
  CallContext other_key = CallFor("bd", "a", 1);
  for (CallContext* call :
       {&plain, &other_border, &other_version, &other_key}) {
    call->hash = 7;
  }
  store_.Put(plain, Fresh(clock_, "plain"));
  EXPECT_EQ(TextOf(other_border), "(miss)");
  EXPECT_EQ(TextOf(other_version), "(miss)");
  EXPECT_EQ(TextOf(other_key), "(miss)");
  store_.Put(other_version, Fresh(clock_, "version"));
  store_.Put(other_border, Fresh(clock_, "border"));
  store_.Put(other_key, Fresh(clock_, "key"));
  EXPECT_EQ(TextOf(plain), "plain");
  EXPECT_EQ(TextOf(other_border), "border");
  EXPECT_EQ(TextOf(other_version), "version");
  EXPECT_EQ(TextOf(other_key), "key");
  // Out of the middle of one bucket's chain.
  EXPECT_TRUE(store_.Erase(other_version));
  EXPECT_EQ(TextOf(other_version), "(miss)");
  EXPECT_EQ(TextOf(plain), "plain");
  EXPECT_EQ(TextOf(other_key), "key");
}

TEST_F(MemoryStoreTest, TakesAnyBytesForKeyAndValue) {
  const std::string odd("\0\r\n \xff", 5);
  store_.Put(CallFor(odd), Fresh(clock_, odd));
  store_.Put(CallFor("no bytes"), Fresh(clock_, ""));
  EXPECT_EQ(TextOf(CallFor(odd)), odd);
  EXPECT_EQ(TextOf(CallFor("no bytes")), "");
}

TEST_F(MemoryStoreTest, APutReplacesTheOlderValueAndItsBytes) {
  store_.Put(CallFor("k"), Fresh(clock_, std::string(5000, 'x'), hours(1)));
  const size_t with_long_value = store_.stats().bytes;
  store_.Put(CallFor("k"), Fresh(clock_, "short"));
  EXPECT_EQ(TextOf(CallFor("k")), "short");
  EXPECT_FALSE(store_.Get(CallFor("k"))->fresh_for.has_value());
  const MemoryStats stats = store_.stats();
  EXPECT_EQ(stats.entries, 1u);
  EXPECT_EQ(stats.replaced, 1u);
  EXPECT_LE(stats.bytes, with_long_value - 4900);
}

TEST_F(MemoryStoreTest, AnErasedKeyIsGoneAndItsBytesWithIt) {
  const size_t empty = store_.stats().bytes;
  store_.Put(CallFor("k"), Fresh(clock_, "v"));
  EXPECT_GT(store_.stats().bytes, empty);
  EXPECT_TRUE(store_.Erase(CallFor("k")));
  EXPECT_EQ(TextOf(CallFor("k")), "(miss)");
  EXPECT_FALSE(store_.Erase(CallFor("k")));
  EXPECT_EQ(store_.stats().bytes, empty);
  EXPECT_EQ(store_.stats().erased, 1u);
}

TEST_F(MemoryStoreTest, AValueExpiresAtItsTtlAndNotBefore) {
  store_.Put(CallFor("k"), Fresh(clock_, "v", seconds(10)));
  clock_.Advance(seconds(10) - Duration(1));
  EXPECT_EQ(TextOf(CallFor("k")), "v");
  EXPECT_EQ(store_.Get(CallFor("k"))->fresh_for, Duration(1));
  clock_.Advance(Duration(1));
  EXPECT_EQ(TextOf(CallFor("k")), "(miss)");
  const MemoryStats stats = store_.stats();
  EXPECT_EQ(stats.expired, 1u);
  EXPECT_EQ(stats.entries, 0u);
}

TEST_F(MemoryStoreTest, AgeAndFreshForAreThoseOfTheMomentOfTheHit) {
  ToStore to_store = Fresh(clock_, "v", seconds(60));
  to_store.produced -= seconds(5);
  store_.Put(CallFor("k"), to_store);
  std::optional<Value> value = store_.Get(CallFor("k"));
  EXPECT_EQ(value->age, seconds(5));
  EXPECT_EQ(value->fresh_for, seconds(60));
  clock_.Advance(seconds(20));
  value = store_.Get(CallFor("k"));
  EXPECT_EQ(value->age, seconds(25));
  EXPECT_EQ(value->fresh_for, seconds(40));
  EXPECT_FALSE(value->stale);
}

TEST_F(MemoryStoreTest, WithoutATtlItNeverExpiresAndSaysNothingOfFreshness) {
  store_.Put(CallFor("k"), Fresh(clock_, "v"));
  clock_.Advance(hours(24 * 365 * 10));
  const std::optional<Value> value = store_.Get(CallFor("k"));
  ASSERT_TRUE(value.has_value());
  EXPECT_FALSE(value->fresh_for.has_value());
  EXPECT_EQ(value->age, hours(24 * 365 * 10));
}

TEST_F(MemoryStoreTest, ATtlBeyondTheEndOfTheClockIsNoOverflow) {
  store_.Put(CallFor("k"), Fresh(clock_, "v", Duration::max()));
  const std::optional<Value> value = store_.Get(CallFor("k"));
  ASSERT_TRUE(value.has_value());
  EXPECT_GT(*value->fresh_for, hours(24 * 365 * 100));
}

TEST_F(MemoryStoreTest, ATtlOfZeroStoresNothingAndEndsTheOlderValue) {
  store_.Put(CallFor("k"), Fresh(clock_, "old"));
  EXPECT_FALSE(store_.Put(CallFor("k"), Fresh(clock_, "new", Duration(0))));
  EXPECT_EQ(TextOf(CallFor("k")), "(miss)");
}

TEST_F(MemoryStoreTest, AJumpOfTheWallClockChangesNeitherAgeNorExpiry) {
  store_.Put(CallFor("k"), Fresh(clock_, "v", seconds(60)));
  clock_.JumpWallClock(hours(1));
  clock_.Advance(seconds(10));
  const std::optional<Value> value = store_.Get(CallFor("k"));
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->age, seconds(10));
  EXPECT_EQ(value->fresh_for, seconds(50));
}

TEST_F(MemoryStoreTest, AValueFromTheFutureIsOfAgeZero) {
  ToStore to_store = Fresh(clock_, "v");
  to_store.produced += hours(1);
  store_.Put(CallFor("k"), to_store);
  EXPECT_EQ(store_.Get(CallFor("k"))->age, Duration(0));
}

TEST_F(MemoryStoreTest, Fault31_ValueTooLargeForAShardIsNotStoredAndCounted) {
  store_.Put(CallFor("k"), Fresh(clock_, "old"));
  const std::string large(store_.stats().capacity / 4, 'x');
  EXPECT_FALSE(store_.Put(CallFor("k"), Fresh(clock_, large)));
  // The older value would be a wrong one.
  EXPECT_EQ(TextOf(CallFor("k")), "(miss)");
  EXPECT_EQ(store_.stats().too_large, 1u);
  EXPECT_EQ(store_.stats().entries, 0u);
}

TEST(MemoryStoreShards, AreAPowerOfTwoAndShareTheCapacity) {
  FakeLoop clock;
  EXPECT_EQ(MemoryStore(clock, {.capacity = 1 << 20}).stats().capacity,
            size_t{1} << 20);
  // Ten means eight.
  EXPECT_EQ(
      MemoryStore(clock, {.capacity = 8008, .shards = 10}).stats().capacity,
      8008u);
}

TEST(MemoryStoreShards, ACapacityOfNothingStoresNothing) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 0});
  EXPECT_FALSE(store.Put(CallFor("k"), Fresh(clock, "v")));
  EXPECT_FALSE(store.Get(CallFor("k")).has_value());
  EXPECT_EQ(store.stats().too_large, 1u);
}

}  // namespace
}  // namespace frontrunner
