#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "server/loop/event_loop.h"
#include "server/prefetch/prefetches.h"
#include "tests/fakes/fake_source.h"
#include "tests/prefetch/temp_dir.h"

namespace frontrunner {
namespace {

/// Answers soon, always the same.
class Prompt final : public Source {
 public:
  Prompt(Loop& loop, Outcome outcome, std::atomic<int>& asked)
      : loop_(loop), outcome_(std::move(outcome)), asked_(asked) {}
  std::string_view name() const override { return "prompt"; }
  std::unique_ptr<Attempt> Start(const Query& /*query*/, Done done) override {
    ++asked_;
    return std::make_unique<Answer>(loop_, outcome_, std::move(done));
  }

 private:
  struct Answer final : public Attempt {
    Answer(Loop& loop, const Outcome& outcome, Done done)
        : timer(loop.At(loop.Now() + std::chrono::microseconds(50),
                        [outcome, done = std::move(done)]() mutable {
                          std::move(done)(std::move(outcome));
                        })) {}
    std::unique_ptr<Timer> timer;
  };
  Loop& loop_;
  const Outcome outcome_;
  std::atomic<int>& asked_;
};

/// A server with real threads: two loops for keys, one that writes.
class Server {
 public:
  Server(const std::string& dir, std::atomic<int>& asked) {
    auto table = std::make_shared<TableSettings>();
    table->name = "t";
    table->deadline = std::chrono::seconds(10);
    table->max_wait = std::chrono::minutes(1);
    table->write_back = TableSettings::WriteBack{.ttl = std::chrono::hours(1)};
    Table::Parts parts{.settings = table,
                       .counters = std::make_shared<TableCounters>(),
                       .serving = [] { return true; }};
    for (auto& loop : loops_) {
      const auto miss =
          std::make_shared<Prompt>(loop, absl::NotFoundError(""), ignored_);
      const auto store =
          std::make_shared<Prompt>(loop, TextValue(""), ignored_);
      TableShardParts shard{.settings = table, .counters = parts.counters};
      shard.entrants = {
          {.source = miss, .is_cache = true},
          {.source = std::make_shared<Prompt>(loop, TextValue("v"), asked)}};
      shard.caches = {
          {.name = "cache",
           .cache = {.find = miss, .store = store, .erase = store}}};
      shards_.push_back(MakeTableShard(loop, std::move(shard)));
      parts.shards.push_back(shards_.back().get());
    }
    table_ = std::make_unique<Table>(std::move(parts));
    auto opened =
        Prefetches::Open({.state_dir = dir}, writer_,
                         [this](std::string_view) { return table_.get(); });
    EXPECT_TRUE(opened.ok()) << opened.status();
    prefetches_ = *std::move(opened);
    for (auto& loop : loops_) loop.Start();
    writer_.Start();
    prefetches_->Start();
  }
  ~Server() {
    for (EventLoop* loop : {&loops_[0], &loops_[1], &writer_}) {
      loop->Stop();
      loop->Join();
    }
    prefetches_.reset();
    shards_.clear();
  }

  Prefetches& prefetches() { return *prefetches_; }

 private:
  std::atomic<int> ignored_{0};
  EventLoop loops_[2]{EventLoop(EventLoop::Settings{}),
                      EventLoop(EventLoop::Settings{})};
  EventLoop writer_{EventLoop::Settings{}};
  std::vector<std::unique_ptr<TableShard>> shards_;
  std::unique_ptr<Table> table_;
  std::unique_ptr<Prefetches> prefetches_;
};

TimePoint In(Duration duration) {
  return std::chrono::steady_clock::now() + duration;
}

TEST(PrefetchThreads, EveryKeyIsDoneOnceOverCleanStopsUnderManyCallers) {
  constexpr int kCallers = 4;
  constexpr int kKeys = 500;
  TempDir dir;
  std::atomic<int> asked{0};
  {
    Server server(dir.path(), asked);
    std::vector<std::thread> callers;
    std::atomic<int> accepted{0};
    for (int caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&, caller] {
        PrefetchKeys keys;
        keys.id = "p" + std::to_string(caller);
        keys.table = "t";
        keys.last = true;
        for (int i = 0; i < kKeys; ++i) {
          keys.keys.push_back(keys.id + std::to_string(i));
        }
        const uint64_t watch =
            server.prefetches().Watch(keys.id, [](const auto&) {});
        std::promise<void> done;
        server.prefetches().Accept(std::move(keys), [&](const auto& result) {
          if (result.ok()) ++accepted;
          done.set_value();
        });
        done.get_future().wait();
        server.prefetches().Unwatch(watch);
      });
    }
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(accepted, kCallers);
    EXPECT_TRUE(server.prefetches().StopAndWait(In(std::chrono::seconds(20))));
  }
  Server server(dir.path(), asked);
  for (int caller = 0; caller < kCallers; ++caller) {
    std::promise<void> finished;
    server.prefetches().Watch("p" + std::to_string(caller),
                              [&](const absl::StatusOr<PrefetchView>& view) {
                                if (view->finished) finished.set_value();
                              });
    finished.get_future().wait();
  }
  EXPECT_EQ(asked, kCallers * kKeys);
}

TEST(PrefetchThreads, AServerMayGoWithKeysUnderway) {
  TempDir dir;
  std::atomic<int> asked{0};
  Server server(dir.path(), asked);
  PrefetchKeys keys;
  keys.id = "a";
  keys.table = "t";
  for (int i = 0; i < 2000; ++i) keys.keys.push_back(std::to_string(i));
  std::promise<void> accepted;
  server.prefetches().Accept(std::move(keys),
                             [&](const auto&) { accepted.set_value(); });
  accepted.get_future().wait();
  EXPECT_FALSE(server.prefetches().StopAndWait(In(Duration(0))) &&
               asked == 2000);
}

}  // namespace
}  // namespace frontrunner
