#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>

#include "server/loop/loop.h"
#include "server/race/race.h"
#include "server/tables/by_key.h"
#include "server/tables/caller.h"
#include "server/tables/deadlines.h"
#include "server/tables/until_stored.h"

namespace frontrunner {

/// One race and all who wait for it. The loop's thread only.
///
/// Every caller leaves by itself: answered when the race ends, answered at its
/// own deadline, or gone unanswered. When nobody is left the race is cancelled.
/// Destroying it cancels the race and lets its callers go unanswered.
class Flight final : public CallerHost,
                     public std::enable_shared_from_this<Flight> {
 public:
  /// The table it flies for; outlives it.
  class Owner {
   public:
    /// Answers a caller that has left `flight`, or lets it wait elsewhere.
    /// `race` did not end, where the caller's deadline came first. The caller's
    /// done may do anything to the flight's other callers.
    virtual void Answer(Flight& flight, Caller& caller,
                        std::shared_ptr<const RaceResult> race) = 0;

    /// Everybody has left: the flight is to be forgotten. `race` is null where
    /// nobody waited to its end.
    virtual void Landed(Flight& flight, const RaceResult* race) = 0;

   protected:
    ~Owner() = default;
  };

  /// `call` and `policy` are those of the first caller. `loop` outlives it.
  Flight(Loop& loop, Owner& owner, CallPtr call, CachePolicy policy);
  ~Flight();
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  /// Before Begin, and then as long as it is joinable().
  void Join(Caller& caller);

  /// Starts the race, for those who have joined.
  void Begin(Race& race, const Query& query);

  /// The key is Put (or, with null, forgotten) while the race is on: what it
  /// finds may be older, and is not written back.
  void Overwrite(std::shared_ptr<const ToStore> put);

  /// Nobody joins any more: what it finds may be too old for them.
  void Close() { closed_ = true; }

  bool closed() const { return closed_; }
  bool joinable() const { return run_ && !closed_; }
  bool overwritten() const { return overwritten_; }
  /// What was Put last while the race was on; null if nothing, or if it was
  /// forgotten since.
  const std::shared_ptr<const ToStore>& put() const { return put_; }
  const CallPtr& call() const { return call_; }
  CachePolicy policy() const { return policy_; }
  const std::list<Caller*>& callers() const { return callers_; }

  /// For its owner: those of its callers who wait for the write-back. Null:
  /// nobody does.
  std::shared_ptr<UntilStored> until_stored;

  /// For the Flights that hold it.
  std::list<std::shared_ptr<Flight>>::iterator place;

 private:
  void Leave(Caller& caller) override;
  void PriorityChanged(Caller& caller, int before) override;
  void LetGo(Caller& caller);
  void CountPriority(int priority, int by);
  void TellPriority();
  void OnRaceOver(RaceResult result);
  void OnDue();
  /// Whether it gets more time.
  bool Prolong(Caller& caller);
  void Cancel();

  Owner& owner_;
  const CallPtr call_;
  const CachePolicy policy_;
  /// First come, first answered.
  std::list<Caller*> callers_;
  /// How many callers have which priority.
  std::map<int, int> priorities_;
  /// The race's, as it was told last.
  int priority_ = 0;
  Deadlines deadlines_;
  /// The latest of all deadlines that there were: who leaves early changes
  /// nothing but how long it is hoped.
  TimePoint wanted_until_ = TimePoint::min();
  bool overwritten_ = false;
  bool closed_ = false;
  std::shared_ptr<const ToStore> put_;
  /// Null before Begin, and when the race is over.
  std::unique_ptr<RaceRun> run_;
};

}  // namespace frontrunner
