#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "server/race/result.h"
#include "server/tables/deadlines.h"
#include "server/tables/table.h"

namespace frontrunner {

class Caller;

/// Where callers wait: a flight, later perhaps the waiting room.
class CallerHost {
 public:
  /// `caller` goes away unanswered.
  virtual void Leave(Caller& caller) = 0;
  /// `caller` now has another priority than `before`.
  virtual void PriorityChanged(Caller& caller, int before) = 0;

 protected:
  ~CallerHost() = default;
};

/// One lookup from its entry to its answer: the Attempt that its caller holds.
/// Destroying it takes it out of where it waits. It may outlive the shard.
class Caller final : public Attempt {
 public:
  Caller(LookupCall lookup, LookupDone done);
  ~Caller() override;

  void Reprioritise(int priority) override;

  /// Runs the caller's done, which may destroy this. Once, and only after its
  /// host has let it go.
  void Answer(LookupResult result);

  /// Answers in a later turn of the loop, unless it has left by then.
  void AnswerLater(Loop& loop, LookupResult result);

  /// Runs the lookup's `parked`, if there is one and it has not run yet.
  void TellParked();

  const LookupCall& lookup() const { return lookup_; }

  /// When it reached its loop.
  TimePoint began;
  /// Of its race: its own, clamped by the table.
  TimePoint race_deadline = kNever;
  /// How long that was when it came.
  Duration race_time{0};
  /// It joined a race that another began.
  bool coalesced = false;
  /// The race that found nothing before it began to wait for a value.
  std::shared_ptr<const RaceResult> race;

  // For the host alone. Null: nobody's guest.
  CallerHost* host = nullptr;
  std::list<Caller*>::iterator place;
  Deadlines::Entry due;
  uint64_t number = 0;

 private:
  LookupCall lookup_;
  LookupDone done_;
  std::unique_ptr<Timer> later_;
};

}  // namespace frontrunner
