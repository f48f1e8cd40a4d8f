#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "server/sources/computation/pool.h"

namespace frontrunner {

/// One question to the pool. Three hold it: its attempt on the loop, the queue
/// or the worker, and the task that carries the outcome to the loop.
struct ComputationPool::Job {
  /// Its place in the queue: priority, then number.
  using Place = std::pair<int, uint64_t>;
  enum class Stage { kQueued, kRunning, kOver };

  std::shared_ptr<const CallContext> call;
  std::stop_source stop;

  /// Runs `done` on the loop with the outcome, unless the attempt is gone. Any
  /// thread. The loop is not touched once Abandon has returned, so it may be
  /// gone by then.
  static void Deliver(const std::shared_ptr<Job>& job, Outcome outcome);
  /// The loop's thread: `done` goes, and shall not be called.
  void Abandon();

  /// Query::slot. The worker's, once it is queued; else the loop's.
  std::shared_ptr<const void> slot;

  // For the loop's thread alone; destroyed there, too.
  Done done;

  std::mutex mutex;
  /// Null when nobody waits any more. Guarded by `mutex`.
  Loop* loop = nullptr;

  // Guarded by the pool's mutex.
  Stage stage = Stage::kQueued;
  Place place;
  /// Set if it was cancelled while running.
  std::optional<TimePoint> cancelled;
};

/// What the pool and its workers share. Thread-safe.
class ComputationPool::State {
 public:
  State(ComputeFunction function, Settings settings)
      : function_(std::move(function)), settings_(settings) {}

  /// False if there is no room.
  bool Queue(const std::shared_ptr<Job>& job, int priority);
  void Cancel(Job& job);
  void Reprioritise(Job& job, int priority);

  /// What a worker's thread does, until Close.
  void Work();

  /// Every worker is told to end. Waits until all `workers` have (true), or
  /// `stop_grace` is over. No job is queued or wanted by then, and those that
  /// still run have been told to stop: their attempts would have kept the pool.
  bool Close(size_t workers);

  absl::Status Refused() const;
  const Settings& settings() const { return settings_; }
  ComputationStats stats() const;

 private:
  /// Null when the pool closes.
  std::shared_ptr<Job> NextJob();
  void Ended(const std::shared_ptr<Job>& job, TimePoint began);

  const ComputeFunction function_;
  const Settings settings_;

  mutable std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable left_;
  // Guarded by mutex_:
  std::map<Job::Place, std::shared_ptr<Job>> queue_;
  size_t running_ = 0;
  uint64_t next_number_ = 0;
  size_t workers_left_ = 0;
  bool closed_ = false;
  ComputationStats counted_;
};

}  // namespace frontrunner
