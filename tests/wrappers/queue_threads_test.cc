// One queue between several real loops, while an operator plays with it and
// slots are dropped by a thread of nobody's.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/wrappers/limit.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

constexpr int kMostWidth = 8;

/// Drops what it is given, on its own thread.
class Reaper {
 public:
  Reaper() : thread_([this] { Work(); }) {}
  ~Reaper() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  void Take(std::shared_ptr<const void> thing) {
    const std::lock_guard lock(mutex_);
    things_.push_back(std::move(thing));
    changed_.notify_all();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ends_ || !things_.empty(); });
      if (things_.empty()) return;
      std::shared_ptr<const void> thing = std::move(things_.front());
      things_.pop_front();
      lock.unlock();
      thing = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const void>> things_;
  bool ends_ = false;
  std::thread thread_;
};

/// Answers a turn later. The slot of every third attempt goes to the reaper.
class TurnSource final : public Source {
 public:
  TurnSource(Loop& loop, Reaper& reaper, std::atomic<int>& most)
      : loop_(loop), reaper_(reaper), most_(most) {}

  std::string_view name() const override { return "s"; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    auto attempt = std::make_unique<TurnAttempt>();
    attempt->done = std::make_shared<Done>(std::move(done));
    loop_.Post([owed = std::weak_ptr<Done>(attempt->done)] {
      // Its own, since it may destroy the attempt.
      if (const auto alive = owed.lock()) {
        std::move (*alive)(TextValue("v"));
      }
    });
    if (++started_ % 3 == 0) reaper_.Take(query.slot);
    most_ = std::max(most_.load(), underway_());
    return attempt;
  }
  void set_underway(std::function<int()> underway) {
    underway_ = std::move(underway);
  }

 private:
  struct TurnAttempt final : Attempt {
    std::shared_ptr<Done> done;
  };

  Loop& loop_;
  Reaper& reaper_;
  std::atomic<int>& most_;
  std::function<int()> underway_;
  int started_ = 0;
};

/// Who asks on one loop: a job a turn, and now and then one is given up.
class Asker {
 public:
  Asker(EventLoop& loop, std::shared_ptr<Source> source, int jobs)
      : loop_(loop),
        source_(std::move(source)),
        jobs_(jobs),
        random_(static_cast<uint64_t>(jobs)) {}

  /// On the loop.
  void Step() {
    Query query = TextQuery(std::to_string(asked_));
    query.priority = static_cast<int>(random_() % 3);
    if (random_() % 10 == 0) {
      query.deadline = loop_.Now() + std::chrono::milliseconds(1);
    }
    const int number = asked_++;
    attempts_[number] = source_->Start(query, [this, number](const Outcome&) {
      attempts_.erase(number);
      ++over_;
    });
    if (random_() % 5 == 0 && !attempts_.empty()) {
      attempts_.erase(attempts_.begin());
      ++over_;
    }
    if (random_() % 5 == 0 && !attempts_.empty()) {
      attempts_.rbegin()->second->Reprioritise(-1);
    }
    if (asked_ < jobs_) loop_.Post([this] { Step(); });
  }
  int over() const { return over_; }
  /// On the loop.
  void LetGo() {
    attempts_.clear();
    source_ = nullptr;
  }

 private:
  EventLoop& loop_;
  std::shared_ptr<Source> source_;
  const int jobs_;
  std::mt19937_64 random_;
  int asked_ = 0;
  std::map<int, std::unique_ptr<Attempt>> attempts_;
  std::atomic<int> over_{0};
};

/// Everything an operator can do, again and again.
void Operate(DispatchQueue& queue, const std::atomic<bool>& enough) {
  std::mt19937_64 random(7);
  while (!enough) {
    EXPECT_TRUE(queue.SetWidth(static_cast<int>(random() % kMostWidth)).ok());
    queue.Pause();
    for (const auto& job : queue.Pending(3)) {
      if (random() % 2 == 0) {
        (void)queue.Cancel(job.id);
      } else {
        (void)queue.Reprioritise(job.id, 2);
      }
    }
    EXPECT_TRUE(queue.Resume().ok());
    for (const auto& job : queue.Underway(1)) (void)queue.Cancel(job.id);
    EXPECT_LE(queue.Ended(100).size(), 64U);
    if (random() % 50 == 0) queue.ClearPending();
    EXPECT_TRUE(queue.Resume(kMostWidth).ok());
    std::this_thread::yield();
  }
}

void RunThem(DispatchQueue::Settings settings, int jobs) {
  std::deque<EventLoop> loops;
  for (int i = 0; i < 3; ++i) {
    loops.emplace_back(EventLoop::Settings{}).Start();
  }
  auto queue = std::make_shared<DispatchQueue>(loops[0], std::move(settings));
  std::atomic<int> most{0};
  {
    Reaper reaper;
    std::deque<Asker> askers;
    for (EventLoop& loop : loops) {
      auto source = std::make_shared<TurnSource>(loop, reaper, most);
      source->set_underway([queue = queue.get()] {
        return static_cast<int>(queue->state().underway);
      });
      askers.emplace_back(loop, WithLimit(loop, queue, source), jobs);
    }
    for (size_t i = 0; i < loops.size(); ++i) {
      loops[i].Post([&asker = askers[i]] { asker.Step(); });
    }
    std::atomic<bool> enough{false};
    std::thread operates([&] { Operate(*queue, enough); });
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (Asker& asker : askers) {
      while (asker.over() < jobs && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      EXPECT_EQ(asker.over(), jobs);
    }
    enough = true;
    operates.join();
    for (size_t i = 0; i < loops.size(); ++i) {
      EXPECT_TRUE(loops[i].RunAndWait([&] { askers[i].LetGo(); }));
    }
  }
  const DispatchQueue::State end = queue->state();
  EXPECT_EQ(end.pending, 0U);
  EXPECT_EQ(end.underway, 0U) << "the reaper has dropped every slot";
  EXPECT_EQ(end.late, 0U);
  EXPECT_LE(most, kMostWidth);
  const DispatchQueue::Counters& counters = end.counters;
  EXPECT_EQ(counters.queued + counters.refused,
            static_cast<uint64_t>(jobs) * loops.size());
  EXPECT_EQ(counters.queued,
            counters.finished + counters.cancelled + counters.aborted);
}

TEST(QueueThreads, LoopsAndAnOperatorShareAQueue) {
  RunThem({.name = "q", .width = kMostWidth, .max_pending = 100000}, 1000);
}

TEST(QueueThreads, ARateIsSharedToo) {
  RunThem({.name = "q",
           .width = kMostWidth,
           .max_pending = 50,
           .per_second = 5000,
           .burst = 10},
          300);
}

}  // namespace
}  // namespace frontrunner
