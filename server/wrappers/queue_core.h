#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/wrappers/dispatch_queue.h"
#include "server/wrappers/queue_jobs.h"
#include "server/wrappers/token_bucket.h"

namespace frontrunner {

/// What a queue and its tickets share; everything is behind one mutex. Under it
/// nothing of anybody else's is run or destroyed: jobs are told by Loop::Post,
/// and what is posted knows tickets weakly.
class DispatchQueue::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Loop& home, Settings settings);

  /// The queue goes, and nobody waits any more: no loop is touched after this.
  void Shut();

  // As in DispatchQueue.
  const std::string& name() const { return settings_.name; }
  TimePoint Now() const { return home_.Now(); }
  State state() const;
  absl::Status SetWidth(int width);
  void Pause();
  absl::Status Resume(std::optional<int> width);
  std::vector<Job> Pending(size_t max) const;
  std::vector<Job> Underway(size_t max) const;
  std::vector<Job> Ended(size_t max) const;
  absl::Status Cancel(uint64_t id);
  absl::Status Reprioritise(uint64_t id, int priority);
  size_t ClearPending();
  void Drain();
  Joined Join(Loop& loop, const Query& query, Waiter& waiter);
  std::optional<int> Starting(Ticket& ticket);
  void Move(Ticket& ticket, int priority);
  bool Close(Ticket& ticket, End end, absl::StatusCode code);

  /// The last copy of a ticket has been dropped. Any thread.
  void Gone(Ticket& ticket);

 private:
  // All of them under the mutex.
  bool PlaceFree() const {
    return !paused_ && width_ > 0 &&
           underway_.size() < static_cast<size_t>(width_);
  }
  /// Starts all that may start.
  void Dispatch(TimePoint now);
  void TakePlace(Ticket& ticket, TimePoint now);
  /// Ends one that is pending: `status` is what its waiter is told.
  void EndPending(Ticket& ticket, TimePoint now, absl::Status status);
  void EndAllPending(uint64_t& counter, absl::StatusCode code,
                     std::string_view why);
  void Remember(Ticket& ticket, TimePoint now);
  absl::Status Failure(const Ticket& ticket, absl::StatusCode code,
                       std::string_view why) const;
  absl::Status NoSuchJob(uint64_t id) const;
  static void TellBegin(Ticket& ticket);
  static void TellFail(Ticket& ticket, absl::Status failure);

  // The rate's timer, on its home loop.
  void WakeWhenNextIsDue();
  void ArmTimer();
  void Wake();

  Loop& home_;
  const Settings settings_;

  mutable std::mutex mutex_;  // guards all below
  int width_;
  bool paused_ = false;
  bool draining_ = false;
  bool shut_ = false;
  uint64_t last_id_ = 0;
  size_t late_ = 0;
  Counters counters_;
  PendingJobs pending_;
  UnderwayJobs underway_;
  /// The latest first.
  std::deque<Job> ended_;
  TokenBucket bucket_;
  /// From the wish for a timer until it has fired.
  bool wake_wanted_ = false;
  /// Set, and destroyed, on the home loop.
  std::unique_ptr<Timer> timer_;
};

}  // namespace frontrunner
