#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/loop/loop.h"

namespace frontrunner {

/// Finds out whether loops still run what is posted to them. One that hangs in
/// a task, or whose thread is gone, does not.
///
/// For one thread; it never blocks. Loops may be destroyed before it, if
/// nothing is asked any more.
class LoopProbe {
 public:
  /// `loops` outlive every call of Answered.
  explicit LoopProbe(std::vector<Loop*> loops);

  /// True when all loops have answered what was posted to them last; they are
  /// then asked anew. So the first call is false, and each true means that
  /// every loop ran after the last one. A loop that does not answer is asked no
  /// second time: nothing piles up on it.
  bool Answered();

  /// How many loops have not answered yet.
  size_t silent() const { return *silent_; }

 private:
  void Ask();

  const std::vector<Loop*> loops_;
  /// Shared with the tasks, which may run when this is gone.
  const std::shared_ptr<std::atomic<size_t>> silent_;
  bool asked_ = false;
};

}  // namespace frontrunner
