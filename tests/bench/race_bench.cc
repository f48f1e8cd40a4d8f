// The race engine alone: three entrants without I/O, an immediate winner and
// two losers that are cancelled. Prints time and allocations per race.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "server/race/race.h"

namespace {
size_t allocations = 0;
}  // namespace

// Not inlined, or the compiler takes malloc and free for a mismatched pair.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace frontrunner {
namespace {

/// Posted tasks in a vector; the real clock; no timers.
class BenchLoop final : public Loop {
 public:
  void Post(Task task) override { tasks_.push_back(std::move(task)); }
  std::unique_ptr<Timer> At(TimePoint, Task) override { return nullptr; }
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }

  void Turn() {
    running_.swap(tasks_);
    for (Task& task : running_) std::move(task)();
    running_.clear();
  }

 private:
  std::vector<Task> tasks_;
  std::vector<Task> running_;
};

/// Never answers.
class Loser final : public Source {
 public:
  std::string_view name() const override { return "loser"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    class Waiting final : public Attempt {
     public:
      explicit Waiting(Done done) : done_(std::move(done)) {}

     private:
      Done done_;
    };
    return std::make_unique<Waiting>(std::move(done));
  }
};

/// Answers inside Start, which the race hears a turn later.
class Winner final : public Source {
 public:
  std::string_view name() const override { return "winner"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    Value value;
    value.bytes = bytes_;
    std::move(done)(std::move(value));
    return std::make_unique<Attempt>();
  }

 private:
  const Bytes bytes_ = MakeBytes("value");
};

void RaceOfThree(benchmark::State& state) {
  BenchLoop loop;
  Race race(loop, {"race",
                   {{std::make_shared<Loser>(), {}, {}, true},
                    {std::make_shared<Winner>(), {}, {}, false},
                    {std::make_shared<Loser>(), {}, {}, false}}});
  Query query;
  query.call = std::make_shared<CallContext>();
  std::unique_ptr<RaceRun> run;
  int won = 0;
  const size_t allocations_before = allocations;
  for (auto _ : state) {
    run =
        race.Run(query, CachePolicy::kDefault, [&run, &won](RaceResult result) {
          won += result.outcome.ok() ? 1 : 0;
          run = nullptr;
        });
    loop.Turn();
  }
  if (won != static_cast<int>(state.iterations())) {
    state.SkipWithError("a race was not won");
  }
  state.counters["allocations"] =
      static_cast<double>(allocations - allocations_before) /
      static_cast<double>(state.iterations());
}
BENCHMARK(RaceOfThree);

}  // namespace
}  // namespace frontrunner

BENCHMARK_MAIN();
