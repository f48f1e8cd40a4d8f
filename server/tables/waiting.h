#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "server/loop/loop.h"
#include "server/tables/by_key.h"
#include "server/tables/caller.h"
#include "server/tables/deadlines.h"
#include "server/tables/elsewhere.h"
#include "server/tables/outstanding.h"

namespace frontrunner {

/// Those who wait with wait_for_value for somebody to Put their key, first come
/// first served per key: here, or on another server, as far as the table's
/// caches tell of it. The loop's thread only; bounded. Destroying it lets
/// everybody go unanswered.
class Waiting final : private CallerHost {
 public:
  struct Settings {
    /// The most a caller waits here.
    Duration max_wait;
    /// On all loops together; more are refused with OVERLOADED.
    size_t max_waiters = 0;
  };

  /// `loop`, `caches` and `gauge` (those waiting now, on all loops) outlive it.
  Waiting(Loop& loop, const std::vector<TableCache>& caches, Settings settings,
          std::atomic<uint64_t>& gauge);
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  /// Takes in a caller whose `race` found nothing, or answers it at once where
  /// it cannot wait. May run its done or its parked.
  void Park(Caller& caller, std::shared_ptr<const RaceResult> race);

  /// Answers everyone who waits for the key now, in order. Those who come back
  /// while it does are not among them.
  void Serve(const CallContext& call, const ToStore& put);

  /// Adds everybody who waits.
  void ListTo(OutstandingList& list) const;

  /// Ends everyone, and refuses whoever comes later, with DRAINING.
  void Drain();

 private:
  /// Where those wait who want the same key.
  struct Room {
    /// By their numbers; not empty.
    std::map<uint64_t, Caller*> callers;
    /// Null where no cache tells of Puts elsewhere.
    std::unique_ptr<Elsewhere> elsewhere;
  };
  enum class From { kHere, kElsewhere };

  void Enter(Caller& caller);
  void ServeAll(const CallContext& call, const Value& value, From from);
  bool Suits(const Caller& caller, const Value& value, From from) const;
  void Leave(Caller& caller) override;
  void PriorityChanged(Caller& /*caller*/, int /*before*/) override {}
  void OnDue();
  /// Fails a caller that is not, or no longer, in here.
  static void Fail(Caller& caller, Reason reason, absl::Status status);

  Loop& loop_;
  const std::vector<TableCache>& caches_;
  const bool can_hear_;
  const Settings settings_;
  std::atomic<uint64_t>& gauge_;
  ByKey<Room> rooms_;
  Deadlines deadlines_;
  size_t size_ = 0;
  uint64_t next_number_ = 0;
  bool draining_ = false;
};

}  // namespace frontrunner
