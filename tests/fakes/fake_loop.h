#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "server/loop/loop.h"

namespace frontrunner {

/// A loop whose time stands still until a test moves it. Post may be called
/// from any thread; everything else belongs to the test's thread.
class FakeLoop final : public Loop {
 public:
  FakeLoop() = default;
  /// Tasks left over are destroyed without running.
  ~FakeLoop() override;

  void Post(Task task) override;
  std::unique_ptr<Timer> At(TimePoint when, Task task) override;
  TimePoint Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }

  /// Runs everything that is due now, in order, until nothing is.
  void RunUntilIdle();

  /// Runs the tasks that are due now but not those that they post.
  void RunOneTurn();

  /// Moves the time forward step by step, running what becomes due on the way.
  void Advance(Duration by);

  /// Moves the wall clock alone, as an operator would.
  void JumpWallClock(Duration by) { wall_ += by; }

  /// What is left: nothing, if everybody has cleaned up.
  size_t pending_tasks() const;
  size_t armed_timers() const { return timers_.size(); }

 private:
  class FakeTimer;
  using Key = std::pair<TimePoint, uint64_t>;

  bool RunNextTask();
  bool FireNextTimer(TimePoint until);

  mutable std::mutex mutex_;  // guards tasks_
  std::deque<Task> tasks_;
  std::map<Key, FakeTimer*> timers_;
  uint64_t next_timer_ = 0;
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_{std::chrono::hours(24 * 365 * 56)};
};

}  // namespace frontrunner
