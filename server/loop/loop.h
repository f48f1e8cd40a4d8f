#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "server/base/time.h"

namespace frontrunner {

using Task = absl::AnyInvocable<void() &&>;

/// Destroying it disarms it: the task will not run afterwards. To be destroyed
/// on the loop's thread. Its task may destroy it.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// One thread's event loop. Everything a race is made of lives on one loop, so
/// nothing in it needs a lock.
class Loop : public Clock {
 public:
  /// Runs `task` on the loop's thread, in a later turn: never inside Post, and
  /// in the order of the calls. Any thread. A task posted after the loop has
  /// stopped is destroyed without running.
  virtual void Post(Task task) = 0;

  /// Runs `task` once, at `when` or soon after, never before and never inside
  /// At. Tasks with the same `when` run in the order of the calls. The loop's
  /// thread only.
  [[nodiscard]] virtual std::unique_ptr<Timer> At(TimePoint when,
                                                  Task task) = 0;
};

}  // namespace frontrunner
