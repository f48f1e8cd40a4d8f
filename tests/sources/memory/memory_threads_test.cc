// What only threads can break; worth most under the thread sanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "server/sources/memory/memory_store.h"
#include "tests/sources/memory/memory_fixture.h"
#include "tests/sources/memory/scan_trace.h"

namespace frontrunner {
namespace {

TEST(MemoryThreads, NobodyEverSeesAnotherKeysValueOrTooManyBytes) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 64 << 10, .shards = 2});
  constexpr int kThreads = 4;
  constexpr int kSteps = 20000;
  std::atomic<uint64_t> hits{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      uint64_t random = t;
      for (int i = 0; i < kSteps; ++i) {
        random = NextRandom(random);
        const std::string key = "k" + std::to_string(random % 400);
        const CallContext call = CallFor(key);
        const uint64_t what = (random >> 32) % 8;
        if (what == 0) {
          store.Erase(call);
        } else if (what < 3) {
          store.Put(call, Fresh(clock, key + std::string(random % 500, '.'),
                                Duration(what == 1 ? 1 : 0)));
          store.Put(call, Fresh(clock, key + std::string(random % 500, '.')));
        } else if (const std::optional<Value> value = store.Get(call)) {
          ++hits;
          if (value->bytes->substr(0, value->bytes->find('.')) != key) ++wrong;
        }
        if (i % 100 == 0) {
          const MemoryStats stats = store.stats();
          if (stats.bytes > stats.capacity) ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(store.stats().hits, hits);
  EXPECT_GT(hits, 1000u);
  EXPECT_GT(store.stats().evicted, 100u);
}

}  // namespace
}  // namespace frontrunner
