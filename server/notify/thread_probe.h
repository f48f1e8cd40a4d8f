#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace frontrunner {

/// Finds out whether threads still do what they are asked to. One that hangs in
/// a task, or is gone, does not.
///
/// For one thread; it never blocks. The threads may be gone before it, if
/// nothing is asked any more.
class ThreadProbe {
 public:
  /// Has one thread run `task`, soon and once. It may be called again when that
  /// has run, and not before.
  using Ask = std::function<void(std::function<void()> task)>;

  /// One for each thread.
  explicit ThreadProbe(std::vector<Ask> threads);

  /// True when all threads have done what they were asked last; they are then
  /// asked anew. So the first call is false, and each true means that every
  /// thread ran after the last one. Who does not answer is asked no second
  /// time: nothing piles up there.
  bool Answered();

  /// How many threads have not answered yet.
  size_t silent() const { return *silent_; }

 private:
  void AskAll();

  const std::vector<Ask> threads_;
  /// Shared with the tasks, which may run when this is gone.
  const std::shared_ptr<std::atomic<size_t>> silent_;
  bool asked_ = false;
};

}  // namespace frontrunner
