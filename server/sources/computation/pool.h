#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/loop/loop.h"
#include "server/race/source.h"
#include "server/sources/computation/function.h"

namespace frontrunner {

/// Counted since the pool was made, but for the first two, which are now.
struct ComputationStats {
  size_t running = 0;
  size_t queued = 0;
  /// Begun on a thread, and come to their end.
  uint64_t begun = 0;
  uint64_t ended = 0;
  /// Turned away because the queue was full.
  uint64_t refused = 0;
  /// Cancelled in the queue: never begun.
  uint64_t dropped = 0;
  /// Cancelled while running, and ended since: their results went nowhere.
  uint64_t late = 0;
  /// Thread time of all that have ended, and the part of it after the
  /// cancellation.
  Duration busy{0};
  Duration late_busy{0};
};

/// Threads that compute one function, and a queue before them, for all loops
/// together. Jobs begin by priority, the lower number first, and in the order
/// of their coming. Thread-safe.
///
/// A cancelled job never begins; one that has begun is told so by its stop
/// token and keeps its thread until it really ends, since a thread can't be
/// taken away. So a function that never ends costs a thread for ever, the queue
/// behind it fills, and then this pool refuses while others answer.
class ComputationPool {
 public:
  struct Settings {
    /// At least one.
    int threads = 1;
    /// Jobs waiting for a thread; more are refused.
    size_t max_queue = 1024;
    /// How long destroying the pool waits for what is still running.
    Duration stop_grace = std::chrono::seconds(1);
  };

  /// kInvalidArgument for settings that can't be; kResourceExhausted where the
  /// system gives no threads.
  static absl::StatusOr<std::shared_ptr<ComputationPool>> Create(
      ComputeFunction function, Settings settings);

  ComputationPool(const ComputationPool&) = delete;
  ComputationPool& operator=(const ComputationPool&) = delete;

  /// Waits for what is still running, up to `stop_grace`. Its attempts are
  /// gone, so it has been told to stop. Threads that are stuck by then are let
  /// go: they end on their own with the function they keep alive, or with the
  /// process. As it may block for so long, the owner of the whole keeps the
  /// pool and lets it go last, on no loop's thread.
  ~ComputationPool();

  /// Queues a job, as Source::Start does: `done` runs on `loop`, later. On the
  /// thread of `loop`, which outlives the attempt. The attempt keeps the pool.
  /// A full queue is kResourceExhausted, marked kOverloaded.
  static std::unique_ptr<Attempt> Start(
      const std::shared_ptr<ComputationPool>& pool, Loop& loop,
      const Query& query, Done done);

  ComputationStats stats() const;

 private:
  class State;
  struct Job;
  class JobAttempt;
  struct Worker;

  explicit ComputationPool(std::shared_ptr<State> state);

  /// Kept by the workers too, since a stuck one may outlive the pool.
  const std::shared_ptr<State> state_;
  std::vector<Worker> workers_;
};

}  // namespace frontrunner
