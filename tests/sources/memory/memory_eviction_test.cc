#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "server/sources/memory/memory_store.h"
#include "tests/sources/memory/memory_fixture.h"
#include "tests/sources/memory/scan_trace.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;

std::string KeyNumber(const char* kind, uint64_t number) {
  return std::string(kind) + std::to_string(number);
}

TEST(MemoryEviction, CountedBytesNeverExceedTheCapacity) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 256 << 10, .shards = 2});
  uint64_t random = 1;
  for (int i = 0; i < 20000; ++i) {
    random = NextRandom(random);
    const CallContext call = CallFor(KeyNumber("k", random % 5000));
    const size_t size = random % 7 == 0 ? random % 30000 : random % 300;
    if (random % 11 == 0) {
      store.Erase(call);
    } else if (random % 3 == 0) {
      (void)store.Get(call);
    } else {
      store.Put(call, Fresh(clock, std::string(size, 'x')));
    }
    const MemoryStats stats = store.stats();
    ASSERT_LE(stats.bytes, stats.capacity) << "after step " << i;
    ASSERT_EQ(stats.entries,
              stats.stored - stats.replaced - stats.erased - stats.evicted)
        << "after step " << i;
  }
  EXPECT_GT(store.stats().evicted, 1000u);
}

TEST(MemoryEviction, CountsWhatTheEntriesReallyTake) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 64 << 20, .shards = 1});
  const size_t empty = store.stats().bytes;
  const CallContext call = CallFor(std::string(100, 'k'), "a table");
  store.Put(call, Fresh(clock, std::string(1000, 'v')));
  // Key and value alone are 1107 bytes; entry, shared string and the
  // allocator's own words come to some 200 more.
  EXPECT_GE(store.stats().bytes - empty, 1107u + 150u);
  EXPECT_LE(store.stats().bytes - empty, 1107u + 350u);
}

TEST(MemoryEviction, AScanDoesNotPushOutWhatIsUsed) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 1 << 20, .shards = 1});
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) {
      const CallContext call = CallFor(KeyNumber("used", i));
      if (!store.Get(call)) store.Put(call, Fresh(clock, "v"));
    }
  }
  for (int i = 0; i < 100000; ++i) {
    store.Put(CallFor(KeyNumber("scanned", i)), Fresh(clock, "v"));
  }
  EXPECT_GT(store.stats().evicted, 90000u);
  int still_there = 0;
  for (int i = 0; i < 500; ++i) {
    if (store.Get(CallFor(KeyNumber("used", i)))) ++still_there;
  }
  EXPECT_EQ(still_there, 500);
}

TEST(MemoryEviction, ANewKeyHasATenthOfTheMemoryToProveItself) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 1 << 20, .shards = 1});
  // All that fits is used, and so in the main queue once it is full.
  int fitting = 0;
  for (; store.stats().evicted == 0; ++fitting) {
    const CallContext call = CallFor(KeyNumber("used", fitting));
    store.Put(call, Fresh(clock, "v"));
    for (int use = 0; use < 3; ++use) (void)store.Get(call);
  }
  for (int i = 0; i < fitting; ++i) {
    store.Put(CallFor(KeyNumber("new", i)), Fresh(clock, "v"));
  }
  int new_there = 0;
  for (int i = 0; i < fitting; ++i) {
    if (store.Get(CallFor(KeyNumber("new", i)))) ++new_there;
  }
  EXPECT_GT(new_there, fitting * 8 / 100);
  EXPECT_LT(new_there, fitting * 12 / 100);
}

TEST(MemoryEviction, WhoComesBackSoonAfterLeavingStaysLonger) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 256 << 10, .shards = 1});
  store.Put(CallFor("back"), Fresh(clock, "v"));
  for (int i = 0; store.stats().evicted < 100; ++i) {
    store.Put(CallFor(KeyNumber("first", i)), Fresh(clock, "v"));
  }
  ASSERT_FALSE(store.Get(CallFor("back")).has_value());
  store.Put(CallFor("back"), Fresh(clock, "v"));
  EXPECT_EQ(store.stats().returned, 1u);
  for (int i = 0; i < 5000; ++i) {
    store.Put(CallFor(KeyNumber("second", i)), Fresh(clock, "v"));
  }
  EXPECT_TRUE(store.Get(CallFor("back")).has_value());
}

TEST(MemoryEviction, TheExpiredGoThoughTheyWereUsed) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 256 << 10, .shards = 1});
  for (int i = 0; i < 300; ++i) {
    const CallContext call = CallFor(KeyNumber("old", i));
    store.Put(call, Fresh(clock, "v", seconds(1)));
    for (int use = 0; use < 3; ++use) (void)store.Get(call);
  }
  clock.Advance(seconds(1));
  int put = 0;
  while (store.stats().evicted < 300) {
    store.Put(CallFor(KeyNumber("new", put++)), Fresh(clock, "v"));
  }
  for (int i = 0; i < put; ++i) {
    ASSERT_TRUE(store.Get(CallFor(KeyNumber("new", i))).has_value()) << i;
  }
}

TEST(MemoryEviction, TheExpiredGoBeforeTheLivingInTheMainQueueToo) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 256 << 10, .shards = 1});
  const auto use = [&](const CallContext& call) {
    for (int i = 0; i < 3; ++i) (void)store.Get(call);
  };
  const size_t empty = store.stats().bytes;
  store.Put(CallFor("old0"), Fresh(clock, "v", seconds(1)));
  const int fitting = static_cast<int>((store.stats().capacity - empty) /
                                       (store.stats().bytes - empty));
  const int old = fitting / 2;
  const int living = fitting * 45 / 100;
  for (int i = 0; i < old; ++i) {
    store.Put(CallFor(KeyNumber("old", i)), Fresh(clock, "v", seconds(1)));
    use(CallFor(KeyNumber("old", i)));
  }
  for (int i = 0; i < living; ++i) {
    store.Put(CallFor(KeyNumber("living", i)), Fresh(clock, "v"));
    use(CallFor(KeyNumber("living", i)));
  }
  int put = 0;
  const auto put_new = [&] {
    store.Put(CallFor(KeyNumber("new", put++)), Fresh(clock, "v"));
  };
  // The first to leave finds everyone in the main queue, the old ones first.
  while (store.stats().evicted == 0) put_new();
  for (int i = 1; i < old; ++i) use(CallFor(KeyNumber("old", i)));
  clock.Advance(seconds(1));
  for (int i = 0; i < fitting / 4; ++i) put_new();
  for (int i = 0; i < living; ++i) {
    ASSERT_TRUE(store.Get(CallFor(KeyNumber("living", i))).has_value()) << i;
  }
}

TEST(MemoryEviction, ALargeValueMakesRoomForItself) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 1 << 20, .shards = 1});
  for (int i = 0; i < 10000; ++i) {
    store.Put(CallFor(KeyNumber("k", i)), Fresh(clock, "v"));
  }
  EXPECT_TRUE(
      store.Put(CallFor("large"), Fresh(clock, std::string(900000, 'x'))));
  EXPECT_TRUE(store.Get(CallFor("large")).has_value());
  EXPECT_LE(store.stats().bytes, store.stats().capacity);
}

// The trace of tests/bench/memory_hit_ratio, shorter. LRU is given the memory
// of its entries alone, ours pays for its tables too.
TEST(MemoryEviction, HitsMoreThanLruOnASkewedTraceWithScans) {
  const ScanTrace trace = MakeScanTrace({.requests = 100000});
  for (const size_t entries : {1000, 4000}) {
    const size_t ours = HitsOfMemoryStore(trace, entries);
    const size_t lru = HitsOfLru(trace, entries);
    EXPECT_GT(ours, lru + lru / 10) << entries << " entries";
  }
}

TEST(MemoryEviction, HitsNoLessThanLruOnASkewedTraceWithoutScans) {
  const ScanTrace trace = MakeScanTrace({.requests = 100000, .scan_length = 0});
  EXPECT_GE(HitsOfMemoryStore(trace, 5000), HitsOfLru(trace, 5000));
}

}  // namespace
}  // namespace frontrunner
