#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "server/base/time.h"

namespace frontrunner {

/// Sees to it that something which must end does: when it has not been
/// destroyed within its time, it runs `expired` on a thread of its own. For
/// what no deadline inside can be trusted with, such as the end of the process.
class Watchdog {
 public:
  Watchdog(Duration time, std::function<void()> expired);
  /// Disarms it; waits for `expired` if that runs already.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;  // guards ended_
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace frontrunner
