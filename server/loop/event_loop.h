#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/loop/loop.h"
#include "server/loop/timer_heap.h"

struct event;
struct event_base;

namespace frontrunner {

/// A Loop on libevent, with an event_base of its own. One thread runs it: one
/// that it starts (Start) or the caller's (Run), once in its life.
///
/// A turn is: the tasks posted up to now, in order; then the sockets that are
/// ready; then the timers that are due. It sleeps only when there is nothing to
/// do, and is woken by at most one write per sleep, however many Posts.
///
/// A task that throws ends the process.
///
/// What lives on the loop is destroyed on its thread, or by whoever has stopped
/// and joined it, before the loop itself is.
class EventLoop final : public Loop {
 public:
  struct Settings {
    /// Of the thread, as `top -H` shows it; cut to 15 bytes.
    std::string name = "loop";
  };

  /// Aborts if the kernel gives no descriptors for it.
  explicit EventLoop(const Settings& settings);
  /// Stops and joins. Tasks left over are destroyed without running.
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Starts the thread. Signals are blocked on it, so that they reach others.
  void Start();

  /// Runs the loop on the calling thread until Stop. SIGPIPE is blocked on it.
  void Run();

  /// Lets Run return after its current turn. Tasks left are destroyed without
  /// running, on the loop's thread; timers do not fire any more. Any thread;
  /// again has no effect.
  void Stop();

  /// Waits for the thread of Start to end; at once if there is none or this is
  /// it. Any thread but only one.
  void Join();

  /// Runs `task` on the loop's thread and waits until it is done; inside the
  /// loop it runs at once. Any thread. False: the loop stopped first, and the
  /// task was destroyed without running.
  bool RunAndWait(Task task);

  void Post(Task task) override;
  std::unique_ptr<Timer> At(TimePoint when, Task task) override;
  TimePoint Now() const override;
  WallTime WallNow() const override;

  /// Whether the caller is on the loop's thread.
  bool InLoop() const;

  /// For sockets; the loop's thread only. It does no locking.
  event_base* base() const { return base_.get(); }

  /// How often a sleeping loop was woken by a Post. Any thread.
  uint64_t wakes() const { return wakes_.load(std::memory_order_relaxed); }

 private:
  class LoopTimer;
  struct FreeBase {
    void operator()(event_base* base) const;
  };
  struct FreeEvent {
    void operator()(event* event) const;
  };
  /// Closes a descriptor.
  class Descriptor {
   public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

   private:
    const int fd_;
  };

  std::unique_ptr<event, FreeEvent> Watch(int fd);
  /// noexcept: what a task throws ends the process here.
  void RunTurns() noexcept;
  void RunTasks();
  void FireTimers();
  void ArmTimerDescriptor();
  void DropTasks();
  void Wake();

  const std::string name_;
  const Descriptor wake_fd_;
  const Descriptor timer_fd_;
  std::unique_ptr<event_base, FreeBase> base_;
  std::unique_ptr<event, FreeEvent> wake_event_;
  std::unique_ptr<event, FreeEvent> timer_event_;

  std::mutex mutex_;  // guards tasks_, sleeping_, stopped_
  std::vector<Task> tasks_;
  bool sleeping_ = false;
  /// Set when Run has returned: Post destroys its task.
  bool stopped_ = false;

  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> wakes_{0};
  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;

  // The loop's thread only.
  std::vector<Task> running_;
  TimerHeap timers_;
  /// What timer_fd_ is set to; kNever: nothing.
  TimePoint armed_ = kNever;
};

}  // namespace frontrunner
