#include "server/watchdog.h"

#include <utility>

namespace frontrunner {

Watchdog::Watchdog(Duration time, std::function<void()> expired)
    : thread_([this, until = std::chrono::steady_clock::now() + time,
               expired = std::move(expired)] {
        {
          std::unique_lock lock(mutex_);
          if (changed_.wait_until(lock, until, [this] { return ended_; })) {
            return;
          }
        }
        expired();
      }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace frontrunner
