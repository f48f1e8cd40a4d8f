// The handlers on real loops, with callers that come and leave on other
// threads: whoever is first, each call is finished once (the fake call fails
// the test otherwise) and nothing is left.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/rpc/batch_handler.h"
#include "server/rpc/lookup_handler.h"
#include "tests/fakes/fake_call.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Answers each attempt a moment later, on its loop.
class DelayedSource final : public Source {
 public:
  explicit DelayedSource(Loop& loop) : loop_(loop) {}

  std::string_view name() const override { return "backend"; }

  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    class Delayed final : public Attempt {
     public:
      Delayed(Loop& loop, TimePoint when, Done answer)
          : done_(std::move(answer)), timer_(loop.At(when, [this] {
              Done last = std::move(done_);
              std::move(last)(TextValue("v"));
            })) {}

     private:
      Done done_;
      std::unique_ptr<Timer> timer_;
    };
    const auto delay = microseconds(random_() % 300);
    return std::make_unique<Delayed>(loop_, loop_.Now() + delay,
                                     std::move(done));
  }

 private:
  Loop& loop_;
  std::minstd_rand random_{1};  // NOLINT: the same delays each time
};

class HandlerThreads : public ::testing::Test {
 protected:
  static constexpr size_t kLoops = 2;
  static constexpr size_t kCalls = 2000;

  HandlerThreads() {
    auto settings = std::make_shared<TableSettings>();
    settings->name = "t";
    // Now and then the table's deadline is a competitor too.
    settings->deadline = microseconds(250);
    settings->max_wait = milliseconds(1);
    settings_ = settings;
    Table::Parts parts;
    parts.settings = settings;
    parts.counters = std::make_shared<TableCounters>();
    parts.entrant_names = {"backend"};
    for (size_t i = 0; i < kLoops; ++i) {
      loops_.push_back(std::make_unique<EventLoop>(EventLoop::Settings{}));
      TableShardParts shard;
      shard.settings = settings;
      shard.counters = parts.counters;
      shard.entrants = {
          {.source = std::make_shared<DelayedSource>(*loops_[i])}};
      shards_.push_back(MakeTableShard(*loops_[i], std::move(shard)));
      parts.shards.push_back(shards_[i].get());
    }
    tables_ = std::make_unique<TablesDirectory>(
        std::vector<std::shared_ptr<const Table>>{
            std::make_shared<Table>(std::move(parts))});
    for (const auto& loop : loops_) loop->Start();
  }

  ~HandlerThreads() override {
    for (const auto& loop : loops_) loop->Stop();
    for (const auto& loop : loops_) loop->Join();
    EXPECT_EQ(in_flight_.outstanding(), 0U);
  }

  HandlerParts parts() {
    return {.tables = tables_.get(),
            .errors = &errors_,
            .in_flight = &in_flight_,
            .limits = {.batch_window = 8}};
  }

  /// Begins every call on this thread, while another cancels some of them and
  /// ends their writes.
  void Drive(Handler& handler, const std::vector<std::string>& requests) {
    std::vector<std::unique_ptr<FakeServerCall>> calls;
    for (const std::string& request : requests) {
      calls.push_back(std::make_unique<FakeServerCall>(
          FakeServerCall::Settings{.request = request}));
    }
    std::atomic<size_t> begun{0};
    std::thread other([&] {
      std::minstd_rand random(2);  // NOLINT: the same choices each time
      size_t done = 0;
      while (done < calls.size()) {
        const size_t now = begun.load();
        for (size_t i = done; i < now; ++i) {
          if (random() % 64 == 0) calls[i]->Cancel();
          if (calls[i]->writing()) calls[i]->CompleteWrite(random() % 99 != 0);
        }
        while (done < now && calls[done]->finished()) ++done;
      }
    });
    for (const auto& call : calls) {
      handler.Handle(*call);
      begun.fetch_add(1);
    }
    other.join();
    for (const auto& call : calls) EXPECT_TRUE(call->finished());
  }

  std::shared_ptr<const TableSettings> settings_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::unique_ptr<TableShard>> shards_;
  std::unique_ptr<TablesDirectory> tables_;
  const Errors errors_{Errors::Settings{}};
  InFlight in_flight_{{.max = 1000000}};
};

TEST_F(HandlerThreads, LookupsEndOnceWhoeverIsFirst) {
  std::vector<std::string> requests;
  for (size_t i = 0; i < kCalls; ++i) {
    v1::LookupRequest request = LookupOf("k" + std::to_string(i % 50));
    request.set_wait_for_value(i % 7 == 0);
    requests.push_back(request.SerializeAsString());
  }
  LookupHandler handler(parts());
  Drive(handler, requests);
}

TEST_F(HandlerThreads, BatchesEndOnceWhoeverIsFirst) {
  std::vector<std::string> requests;
  for (size_t i = 0; i < kCalls / 20; ++i) {
    v1::BatchLookupRequest request;
    request.set_table("t");
    for (size_t k = 0; k < 40; ++k) {
      request.add_keys("k" + std::to_string(i * 13 + k));
    }
    requests.push_back(request.SerializeAsString());
  }
  BatchHandler handler(parts());
  Drive(handler, requests);
}

}  // namespace
}  // namespace frontrunner
