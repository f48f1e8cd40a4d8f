#include "tests/fakes/fake_loop.h"

namespace frontrunner {

class FakeLoop::FakeTimer final : public Timer {
 public:
  FakeTimer(FakeLoop& loop, Key key, Task task)
      : loop_(loop), key_(key), task_(std::move(task)) {
    loop_.timers_.emplace(key_, this);
  }
  ~FakeTimer() override { loop_.timers_.erase(key_); }

  /// The task may destroy this timer.
  void Fire() {
    loop_.timers_.erase(key_);
    Task task = std::move(task_);
    std::move(task)();
  }

 private:
  FakeLoop& loop_;
  Key key_;
  Task task_;
};

FakeLoop::~FakeLoop() {
  // A task's captures may own what posts or cancels on its way out.
  while (pending_tasks() > 0) {
    std::deque<Task> dropped;
    {
      std::lock_guard lock(mutex_);
      dropped.swap(tasks_);
    }
  }
}

void FakeLoop::Post(Task task) {
  std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
}

std::unique_ptr<Timer> FakeLoop::At(TimePoint when, Task task) {
  return std::make_unique<FakeTimer>(*this, Key(when, next_timer_++),
                                     std::move(task));
}

bool FakeLoop::RunNextTask() {
  Task task;
  {
    std::lock_guard lock(mutex_);
    if (tasks_.empty()) return false;
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  std::move(task)();
  return true;
}

bool FakeLoop::FireNextTimer(TimePoint until) {
  if (timers_.empty()) return false;
  auto [key, timer] = *timers_.begin();
  if (key.first > until) return false;
  if (key.first > now_) {
    wall_ += key.first - now_;
    now_ = key.first;
  }
  timer->Fire();
  return true;
}

void FakeLoop::RunUntilIdle() {
  while (RunNextTask() || FireNextTimer(now_)) {
  }
}

void FakeLoop::RunOneTurn() {
  for (size_t left = pending_tasks(); left > 0; --left) RunNextTask();
}

void FakeLoop::Advance(Duration by) {
  const TimePoint until = now_ + by;
  do {
    RunUntilIdle();
  } while (FireNextTimer(until));
  wall_ += until - now_;
  now_ = until;
  RunUntilIdle();
}

size_t FakeLoop::pending_tasks() const {
  std::lock_guard lock(mutex_);
  return tasks_.size();
}

}  // namespace frontrunner
