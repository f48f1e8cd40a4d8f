#include "server/loop/event_loop.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <utility>

namespace frontrunner {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

event_base* NewBase() {
  event_config* config = event_config_new();
  Require(config != nullptr, "event_config_new");
  // One thread uses it, so it needs no locks, whatever else in this process
  // asks of libevent.
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_base* base = event_base_new_with_config(config);
  event_config_free(config);
  Require(base != nullptr, "event_base_new");
  return base;
}

void BlockSignals(int how, const sigset_t& set, sigset_t* before) {
  Require(pthread_sigmask(how, &set, before) == 0, "pthread_sigmask");
}

}  // namespace

void EventLoop::FreeBase::operator()(event_base* base) const {
  event_base_free(base);
}

void EventLoop::FreeEvent::operator()(event* event) const { event_free(event); }

EventLoop::Descriptor::~Descriptor() { close(fd_); }

/// In the heap while armed.
class EventLoop::LoopTimer final : public Timer, public TimerEntry {
 public:
  LoopTimer(TimerHeap& heap, TimePoint at, Task task)
      : heap_(heap), task_(std::move(task)) {
    when = at;
    heap_.Insert(*this);
  }
  ~LoopTimer() override { heap_.Remove(*this); }

  /// The task may destroy this timer.
  void Fire() {
    heap_.Remove(*this);
    Task task = std::move(task_);
    std::move(task)();
  }

 private:
  TimerHeap& heap_;
  Task task_;
};

EventLoop::EventLoop(const Settings& settings)
    : name_(settings.name.substr(0, 15)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      timer_fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      base_(NewBase()) {
  Require(wake_fd_.get() >= 0, "eventfd");
  Require(timer_fd_.get() >= 0, "timerfd_create");
  wake_event_ = Watch(wake_fd_.get());
  timer_event_ = Watch(timer_fd_.get());
}

std::unique_ptr<event, EventLoop::FreeEvent> EventLoop::Watch(int fd) {
  // All a descriptor has to do is end the sleep; RunTurns looks at the rest.
  // Edge-triggered, so nobody needs to read it.
  std::unique_ptr<event, FreeEvent> watch(event_new(
      base_.get(), fd, EV_READ | EV_PERSIST | EV_ET,
      [](evutil_socket_t, short, void*) {}, nullptr));
  Require(watch != nullptr && event_add(watch.get(), nullptr) == 0,
          "event_add");
  return watch;
}

EventLoop::~EventLoop() {
  Stop();
  Join();
  DropTasks();
}

void EventLoop::Start() {
  sigset_t all;
  sigfillset(&all);
  sigset_t before;
  BlockSignals(SIG_BLOCK, all, &before);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), name_.c_str());
    Run();
  });
  BlockSignals(SIG_SETMASK, before, nullptr);
}

void EventLoop::Run() {
  thread_id_.store(std::this_thread::get_id(), std::memory_order_release);
  // libevent writes to sockets in a way that raises it when the peer is gone.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  BlockSignals(SIG_BLOCK, pipe, nullptr);
  RunTurns();
  DropTasks();
}

void EventLoop::RunTurns() noexcept {
  while (!stop_.load(std::memory_order_acquire)) {
    RunTasks();
    ArmTimerDescriptor();
    bool idle;
    {
      std::lock_guard lock(mutex_);
      idle = tasks_.empty() && !stop_.load(std::memory_order_acquire);
      sleeping_ = idle;
    }
    event_base_loop(base_.get(), EVLOOP_ONCE | (idle ? 0 : EVLOOP_NONBLOCK));
    FireTimers();
  }
}

void EventLoop::RunTasks() {
  {
    std::lock_guard lock(mutex_);
    sleeping_ = false;
    running_.swap(tasks_);
  }
  for (Task& task : running_) {
    // Destroyed as soon as it has run, not with the batch.
    Task one = std::move(task);
    std::move(one)();
  }
  running_.clear();
}

void EventLoop::FireTimers() {
  if (timers_.empty()) return;
  const TimePoint now = Now();
  // Timers set by those that fire wait for the next turn, so that one which
  // keeps setting another in the past does not keep the sockets waiting.
  const uint64_t end = timers_.next_sequence();
  while (!timers_.empty() && timers_.top().when <= now &&
         timers_.top().sequence < end) {
    static_cast<LoopTimer&>(timers_.top()).Fire();
  }
}

void EventLoop::ArmTimerDescriptor() {
  const TimePoint now = Now();
  if (armed_ <= now) armed_ = kNever;
  // Most timers are destroyed before they are due, so a descriptor that is set
  // too early is left alone: it costs one idle turn then instead of a system
  // call now.
  if (timers_.empty() || timers_.top().when >= armed_) return;
  armed_ = timers_.top().when;
  // A time in the past makes it ready at once; zero would switch it off.
  const auto since_boot =
      std::max(armed_, TimePoint(Duration(1))).time_since_epoch();
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  spec.it_value.tv_nsec = (since_boot - seconds).count();
  Require(
      timerfd_settime(timer_fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) == 0,
      "timerfd_settime");
}

void EventLoop::Stop() {
  stop_.store(true, std::memory_order_release);
  Wake();
}

void EventLoop::Join() {
  if (thread_.joinable() && !InLoop()) thread_.join();
}

bool EventLoop::RunAndWait(Task task) {
  if (InLoop()) {
    std::move(task)();
    return true;
  }
  std::promise<void> promise;
  std::future<void> done = promise.get_future();
  Post([task = std::move(task), promise = std::move(promise)]() mutable {
    {
      // Gone before the caller goes on.
      Task one = std::move(task);
      std::move(one)();
    }
    promise.set_value();
  });
  try {
    done.get();
  } catch (const std::future_error&) {
    return false;
  }
  return true;
}

void EventLoop::Post(Task task) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) {
      tasks_.push_back(std::move(task));
      wake = sleeping_ && !InLoop();
      if (wake) sleeping_ = false;
    }
  }
  // After stop `task` is destroyed here, outside the lock.
  if (!wake) return;
  wakes_.fetch_add(1, std::memory_order_relaxed);
  Wake();
}

void EventLoop::Wake() {
  const uint64_t one = 1;
  // It can only fail for a counter that is full, which is awake enough.
  [[maybe_unused]] const ssize_t written =
      write(wake_fd_.get(), &one, sizeof(one));
}

void EventLoop::DropTasks() {
  // What a task holds may post again on its way out.
  for (;;) {
    std::vector<Task> dropped;
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      dropped.swap(tasks_);
    }
    if (dropped.empty()) return;
  }
}

std::unique_ptr<Timer> EventLoop::At(TimePoint when, Task task) {
  return std::make_unique<LoopTimer>(timers_, when, std::move(task));
}

TimePoint EventLoop::Now() const { return std::chrono::steady_clock::now(); }

WallTime EventLoop::WallNow() const {
  return std::chrono::time_point_cast<Duration>(
      std::chrono::system_clock::now());
}

bool EventLoop::InLoop() const {
  return thread_id_.load(std::memory_order_acquire) ==
         std::this_thread::get_id();
}

}  // namespace frontrunner
