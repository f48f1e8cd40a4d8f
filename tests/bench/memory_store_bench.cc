// Nanoseconds of the memory cache's hit, miss and put, alone and from several
// threads at once.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/sources/memory/memory_store.h"
#include "tests/sources/memory/memory_fixture.h"

namespace frontrunner {
namespace {

constexpr size_t kKeys = 10000;

class SteadyClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
};

/// Built once for all threads and runs of a benchmark.
struct Filled {
  Filled() {
    for (size_t i = 0; i < kKeys; ++i) {
      calls.push_back(CallFor("U+" + std::to_string(10000 + i), "unicode"));
      others.push_back(CallFor("X+" + std::to_string(10000 + i), "unicode"));
      store.Put(calls.back(), to_store);
    }
  }
  SteadyClock clock;
  MemoryStore store{clock, {}};
  ToStore to_store = Fresh(clock, std::string(100, 'v'), std::chrono::hours(1));
  std::vector<CallContext> calls;
  std::vector<CallContext> others;
};

Filled& Shared() {
  static Filled filled;
  return filled;
}

void MemoryHit(benchmark::State& state) {
  Filled& filled = Shared();
  const auto keys = static_cast<size_t>(state.range(0));
  size_t i = static_cast<size_t>(state.thread_index()) * 37;
  for (auto _ : state) {
    i = (i + 7919) % keys;
    benchmark::DoNotOptimize(filled.store.Get(filled.calls[i]));
  }
}
BENCHMARK(MemoryHit)
    ->ArgName("keys")
    ->Arg(100)
    ->Arg(kKeys)
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();

void MemoryMiss(benchmark::State& state) {
  Filled& filled = Shared();
  size_t i = 0;
  for (auto _ : state) {
    i = (i + 7919) % kKeys;
    benchmark::DoNotOptimize(filled.store.Get(filled.others[i]));
  }
}
BENCHMARK(MemoryMiss);

void MemoryReplace(benchmark::State& state) {
  Filled& filled = Shared();
  size_t i = 0;
  for (auto _ : state) {
    i = (i + 7919) % kKeys;
    benchmark::DoNotOptimize(
        filled.store.Put(filled.calls[i], filled.to_store));
  }
}
BENCHMARK(MemoryReplace);

/// Every put turns another entry out.
void MemoryPutWhenFull(benchmark::State& state) {
  Filled& filled = Shared();
  MemoryStore small(filled.clock, {.capacity = 1 << 20});
  size_t i = 0;
  for (auto _ : state) {
    i = (i + 7919) % kKeys;
    benchmark::DoNotOptimize(small.Put(filled.calls[i], filled.to_store));
  }
  state.counters["evicted"] = static_cast<double>(small.stats().evicted);
}
BENCHMARK(MemoryPutWhenFull);

}  // namespace
}  // namespace frontrunner

BENCHMARK_MAIN();
