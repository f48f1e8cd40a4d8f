#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/loop/loop.h"
#include "server/race/query.h"

namespace frontrunner {

/// What limits how much one source is asked at once, on all loops together.
/// Jobs start by priority, the lower number first, and in the order of their
/// coming among equals; at most `width` are underway; an optional rate spaces
/// their starts. Everything may be changed while it works. Thread-safe.
///
/// A job is underway until the last copy of its slot (Query::slot) is dropped,
/// so a source whose work goes on after it was cancelled keeps its place. Such
/// a job is called late.
class DispatchQueue {
 public:
  struct Settings {
    /// Its source's.
    std::string name;
    /// How many jobs may be underway; 0 holds everything.
    int width = 1;
    /// How many may be pending; more are refused.
    size_t max_pending = 1024;
    /// Starts per second; 0: any number.
    double per_second = 0;
    /// How many may start at once after a quiet time. At least 1.
    int burst = 1;
  };

  /// Since the queue was made. Every job that was queued is, in the end, in
  /// exactly one of finished, cancelled, aborted and drained; those refused
  /// were never queued, nor were those drained on arrival.
  struct Counters {
    uint64_t queued = 0;
    uint64_t started = 0;
    /// Answered by the source, well or badly.
    uint64_t finished = 0;
    /// Given up by those who waited, pending or underway.
    uint64_t cancelled = 0;
    /// Cancelled by an operator.
    uint64_t aborted = 0;
    /// There was no room.
    uint64_t refused = 0;
    /// Never started, because the server goes away.
    uint64_t drained = 0;
    /// How long those that started had been pending, added up.
    Duration wait_sum{0};
  };

  struct State {
    int width = 0;
    bool paused = false;
    size_t max_pending = 0;
    double per_second = 0;
    int burst = 1;
    size_t pending = 0;
    /// Those that are late included.
    size_t underway = 0;
    size_t late = 0;
    Counters counters;
  };

  /// What an operator sees of a job.
  struct Job {
    /// Unique within the queue.
    uint64_t id = 0;
    std::shared_ptr<const CallContext> call;
    int priority = 0;
    TimePoint queued;
    std::optional<TimePoint> started;
    /// When it had really ended.
    std::optional<TimePoint> ended;
    /// How it ended; OK as long as nobody knows.
    absl::StatusCode code = absl::StatusCode::kOk;
    /// Nobody waits for it any more, and it has not really ended.
    bool late = false;
  };

  /// `home` keeps the time, and the timer of the rate. It outlives the queue,
  /// which may go on any thread. Slots may outlive both.
  DispatchQueue(Loop& home, Settings settings);
  ~DispatchQueue();
  DispatchQueue(const DispatchQueue&) = delete;
  DispatchQueue& operator=(const DispatchQueue&) = delete;

  const std::string& name() const;
  TimePoint Now() const;
  State state() const;

  /// Narrowing lets what is underway finish. kInvalidArgument below 0.
  absl::Status SetWidth(int width);
  /// Nothing is started any more; the width is kept.
  void Pause();
  /// kInvalidArgument for a width below 0: then nothing is changed.
  absl::Status Resume(std::optional<int> width = std::nullopt);

  /// In the order in which they will start; `max` at most, as below.
  std::vector<Job> Pending(size_t max) const;
  /// In the order of their starting.
  std::vector<Job> Underway(size_t max) const;
  /// The latest first. Only the last few are remembered.
  std::vector<Job> Ended(size_t max) const;

  /// Ends a job: its attempt fails with kAborted. kNotFound for one that is
  /// neither pending nor underway, kFailedPrecondition for one that is late.
  absl::Status Cancel(uint64_t id);
  /// Behind those that have this priority already. kNotFound likewise,
  /// kFailedPrecondition for one that is underway.
  absl::Status Reprioritise(uint64_t id, int priority);
  /// Cancels all that are pending; how many.
  size_t ClearPending();

  /// The server goes away: what is pending ends with kUnavailable, marked
  /// kDraining, and so does, from now on, what can't start at once.
  void Drain();

  // The rest is for the wrapper (limit.h), and for the job's own loop.

  /// One job, and its slot: copies keep its place.
  class Ticket;

  /// Who waits for its turn. Called on its own loop, never inside a call into
  /// the queue. One of the two comes, once, unless it has left before.
  class Waiter {
   public:
    /// Its turn has come.
    virtual void Begin() = 0;
    /// It is over, and has been counted. May come after Begin.
    virtual void Fail(absl::Status failure) = 0;

   protected:
    ~Waiter() = default;
  };

  enum class Turn {
    /// It is underway: Begin will not be called.
    kNow,
    kLater,
    /// Fail will be called.
    kRefused,
  };
  struct Joined {
    std::shared_ptr<Ticket> ticket;
    Turn turn;
  };

  /// `loop` and `waiter` are there until Close or Leave.
  Joined Join(Loop& loop, const Query& query, Waiter& waiter);
  /// In Begin: the priority it has now. Absent: it has been cancelled
  /// meanwhile, and Fail will be called.
  std::optional<int> Starting(Ticket& ticket);
  /// Those who wait have become more, or less, urgent.
  void Move(Ticket& ticket, int priority);

  enum class End { kFinished, kCancelled };
  /// It is over, and how: the waiter hears no more. False: the queue was first
  /// (an operator, a drain, a refusal), nothing has changed, and Fail will be
  /// called. The place is given back with the last copy of the ticket.
  bool Close(Ticket& ticket, End end, absl::StatusCode code);
  /// Nobody waits any more.
  void Leave(Ticket& ticket);
  static uint64_t IdOf(const Ticket& ticket);

 private:
  class Core;
  class PendingJobs;
  class UnderwayJobs;

  /// Kept by the tickets too, as they may outlive the queue.
  const std::shared_ptr<Core> core_;
};

}  // namespace frontrunner
