#include "server/race/race.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/race/door.h"
#include "server/race/failures.h"

namespace frontrunner {
namespace {

/// One race under way.
///
/// An outcome passes three stations: Arrive (the door: first answers only, and
/// never inside a Start), Settle (this entrant is out, or the race is over),
/// End (losers cancelled, report made, caller told). `this` may be gone after
/// End, and after any call into a source; `door_` tells.
class Underway final : public RaceRun, private Arrivals {
 public:
  Underway(Loop& loop, std::shared_ptr<const Race::Settings> settings,
           const Query& query, CachePolicy policy, RaceDone done);
  ~Underway() override { door_->Shut(); }
  Underway(const Underway&) = delete;
  Underway& operator=(const Underway&) = delete;

  void Begin();
  TimePoint turn_came() const override;
  void Reprioritise(int priority) override;
  RaceResult AsIfAbandoned(absl::StatusCode code) const override;

 private:
  struct Slot {
    std::unique_ptr<Attempt> attempt;
    /// Armed while a start_after runs.
    std::unique_ptr<Timer> timer;
    bool started = false;
    /// An outcome has arrived; later ones are dropped.
    bool answered = false;
    /// Missed, failed, or kept out by the policy.
    bool out = false;
  };

  const std::vector<Entrant>& entrants() const { return settings_->entrants; }
  bool IsFinal(size_t i, const absl::Status& failure) const;
  bool LookIntoMemory();
  void TellBudgets();
  void StartThoseDue();
  bool IsHedge(size_t i) const;
  void TimeHasPassed(size_t i);
  void StartNextIfAllBeforeAreOut(TimePoint now);
  void StartEntrant(size_t i, TimePoint now);
  void Arrive(size_t i, Outcome outcome) override;
  void ArriveLater(size_t i, Outcome outcome);
  void Settle(size_t i, Outcome outcome);
  void End(RaceEnd end, int decisive, Outcome outcome, TimePoint now);
  void EndLater(RaceEnd end, int decisive, Outcome outcome);
  void CancelRunning(absl::StatusCode code, TimePoint now,
                     std::vector<EntrantResult>& results) const;

  Loop& loop_;
  const std::shared_ptr<const Race::Settings> settings_;
  Query query_;
  const CachePolicy policy_;
  RaceDone done_;
  const DoorRef door_;
  const TimePoint began_;
  /// Inside a call to one of our sources: what arrives then waits a turn.
  bool calling_ = false;
  bool over_ = false;
  /// The latest turn of those who are out.
  TimePoint turn_came_ = TimePoint::min();
  std::vector<EntrantResult> results_;
  absl::InlinedVector<Slot, 4> slots_;
};

absl::Status WhatWasThrown() {
  try {
    throw;
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("threw: ", error.what()));
  } catch (...) {
    return absl::InternalError("threw something that is no std::exception");
  }
}

Underway::Underway(Loop& loop, std::shared_ptr<const Race::Settings> settings,
                   const Query& query, CachePolicy policy, RaceDone done)
    : loop_(loop),
      settings_(std::move(settings)),
      query_(query),
      policy_(policy),
      done_(std::move(done)),
      door_(new Door(this)),
      began_(loop.Now()),
      results_(settings_->entrants.size()),
      slots_(settings_->entrants.size()) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].out = !TakesPart(entrants()[i], policy_);
  }
}

void Underway::Begin() {
  bool anybody = false;
  for (const Slot& slot : slots_) anybody |= !slot.out;
  if (!anybody) {
    EndLater(RaceEnd::kNobody, -1,
             absl::FailedPreconditionError(
                 "the cache policy leaves no source to ask"));
    return;
  }
  if (LookIntoMemory()) return;
  TellBudgets();
  StartThoseDue();
}

bool Underway::IsFinal(size_t i, const absl::Status& failure) const {
  const CodeSet& codes = entrants()[i].final_codes;
  const auto code = static_cast<size_t>(failure.code());
  return code < codes.size() && codes.test(code);
}

/// Rule 1: what can answer without I/O goes first. True: it had the key.
bool Underway::LookIntoMemory() {
  bool everybody_out = true;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const Entrant& entrant = entrants()[i];
    if (slot.out) continue;
    if (entrant.start.kind != StartRule::kAtOnce ||
        !entrant.source->peekable()) {
      everybody_out = false;
      continue;
    }
    Outcome outcome = absl::NotFoundError("");
    try {
      if (auto value = entrant.source->Peek(*query_.call)) {
        outcome = *std::move(value);
      }
    } catch (...) {
      outcome = WhatWasThrown();
    }
    slot.started = slot.answered = true;
    EntrantResult& result = results_[i];
    result.started_after = Duration(0);
    result.attempts = 1;
    if (outcome.ok() || entrant.final_codes.test(
                            static_cast<size_t>(outcome.status().code()))) {
      over_ = true;  // nobody else starts, even if asked to meanwhile
      ArriveLater(i, std::move(outcome));
      return true;
    }
    slot.out = true;
    result.finished_after = Duration(0);
    result.verdict = absl::IsNotFound(outcome.status()) ? Verdict::kMissed
                                                        : Verdict::kFailed;
    result.status = std::move(outcome).status();
  }
  if (everybody_out) {
    EndLater(RaceEnd::kAllOut, -1,
             CombineFailures(entrants(), results_, policy_));
  }
  return everybody_out;
}

void Underway::TellBudgets() {
  for (const Entrant& entrant : entrants()) {
    if (entrant.budget && TakesPart(entrant, policy_)) {
      entrant.budget->Offer(began_);
    }
  }
}

void Underway::StartThoseDue() {
  const DoorRef door = door_;
  bool all_before_out = true;
  for (size_t i = 0; i < slots_.size() && !door->shut(); ++i) {
    Slot& slot = slots_[i];
    if (slot.out) continue;
    const StartRule& rule = entrants()[i].start;
    if (rule.kind == StartRule::kAtOnce || all_before_out) {
      StartEntrant(i, began_);
    } else if (rule.kind == StartRule::kAfter) {
      slot.timer =
          loop_.At(began_ + rule.after, [this, i] { TimeHasPassed(i); });
    }
    all_before_out = false;
  }
}

/// Whether starting now would ask a second backend while a first one still has
/// the question. Behind caches and computations alone it is the first.
bool Underway::IsHedge(size_t i) const {
  for (size_t before = 0; before < i; ++before) {
    const Slot& slot = slots_[before];
    const Entrant& entrant = entrants()[before];
    if (slot.started && !slot.out && entrant.budget && !entrant.is_cache) {
      return true;
    }
  }
  return false;
}

void Underway::TimeHasPassed(size_t i) {
  const TimePoint now = loop_.Now();
  const auto& budget = entrants()[i].budget;
  if (budget && IsHedge(i) && !budget->TryTake(now)) {
    slots_[i].timer = nullptr;
    return;
  }
  StartEntrant(i, now);
}

void Underway::StartNextIfAllBeforeAreOut(TimePoint now) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].out) continue;
    if (!slots_[i].started) StartEntrant(i, now);
    return;
  }
  End(RaceEnd::kAllOut, -1, CombineFailures(entrants(), results_, policy_),
      now);
}

void Underway::StartEntrant(size_t i, TimePoint now) {
  Slot& slot = slots_[i];
  slot.timer = nullptr;
  slot.started = true;
  results_[i].started_after = now - began_;
  results_[i].attempts = 1;

  DoorRef door = door_;
  calling_ = true;
  std::unique_ptr<Attempt> attempt;
  absl::Status broken;
  try {
    attempt =
        entrants()[i].source->Start(query_, [door, i](Outcome outcome) mutable {
          door->Arrive(i, std::move(outcome));
        });
    if (!attempt) broken = absl::InternalError("made no attempt");
  } catch (...) {
    broken = WhatWasThrown();
  }
  if (door->shut()) return;
  calling_ = false;
  slots_[i].attempt = std::move(attempt);
  if (!broken.ok() && !slots_[i].answered) ArriveLater(i, std::move(broken));
}

void Underway::Arrive(size_t i, Outcome outcome) {
  if (over_ || slots_[i].answered) return;
  if (calling_) {
    ArriveLater(i, std::move(outcome));
    return;
  }
  slots_[i].answered = true;
  Settle(i, std::move(outcome));
}

void Underway::ArriveLater(size_t i, Outcome outcome) {
  slots_[i].answered = true;
  loop_.Post(
      [this, door = DoorRef(door_), i, outcome = std::move(outcome)]() mutable {
        if (!door->shut()) Settle(i, std::move(outcome));
      });
}

void Underway::Settle(size_t i, Outcome outcome) {
  Slot& slot = slots_[i];
  EntrantResult& result = results_[i];
  const TimePoint now = loop_.Now();
  result.finished_after = now - began_;
  if (outcome.ok() && !outcome->bytes) {
    outcome = absl::InternalError("answered without a value");
  }
  if (outcome.ok()) {
    result.verdict = Verdict::kWon;
    result.attempts = outcome->attempts;
    End(RaceEnd::kWinner, static_cast<int>(i), std::move(outcome), now);
    return;
  }
  result.status = outcome.status();
  result.verdict =
      absl::IsNotFound(result.status) ? Verdict::kMissed : Verdict::kFailed;
  result.attempts = AttemptsOf(result.status);
  slot.out = true;
  if (IsFinal(i, result.status)) {
    End(RaceEnd::kFinalFailure, static_cast<int>(i),
        FinalFailure(entrants()[i], result), now);
    return;
  }
  if (slot.attempt && slot.attempt->turn_came() != kNever) {
    turn_came_ = std::max(turn_came_, slot.attempt->turn_came());
  }
  const DoorRef door = door_;
  slot.attempt = nullptr;  // gives back what it held before the next one starts
  if (!door->shut()) StartNextIfAllBeforeAreOut(now);
}

void Underway::End(RaceEnd end, int decisive, Outcome outcome, TimePoint now) {
  over_ = true;
  CancelRunning(absl::StatusCode::kCancelled, now, results_);
  const DoorRef door = door_;
  for (Slot& slot : slots_) {
    slot.timer = nullptr;
    slot.attempt = nullptr;
    // A loser's destructor runs code of its source; it may end us too.
    if (door->shut()) return;
  }
  RaceResult result;
  result.end = end;
  result.decisive = decisive;
  result.outcome = std::move(outcome);
  result.entrants = std::move(results_);
  result.elapsed = now - began_;
  door_->Shut();
  RaceDone done = std::move(done_);
  std::move(done)(std::move(result));
}

void Underway::EndLater(RaceEnd end, int decisive, Outcome outcome) {
  over_ = true;
  loop_.Post([this, door = DoorRef(door_), end, decisive,
              outcome = std::move(outcome)]() mutable {
    if (!door->shut()) End(end, decisive, std::move(outcome), loop_.Now());
  });
}

void Underway::CancelRunning(absl::StatusCode code, TimePoint now,
                             std::vector<EntrantResult>& results) const {
  for (size_t i = 0; i < results.size(); ++i) {
    EntrantResult& result = results[i];
    if (!result.started_after || result.finished_after) continue;
    result.finished_after = now - began_;
    result.verdict = Verdict::kCancelled;
    result.status = absl::Status(code, "");
    if (const auto& attempt = slots_[i].attempt) {
      result.attempts = attempt->attempts();
      if (attempt->turn_came() == kNever) {
        result.status =
            WithRefusal(std::move(result.status), Refusal::kOverloaded);
      }
    }
  }
}

TimePoint Underway::turn_came() const {
  TimePoint latest = turn_came_;
  for (const Slot& slot : slots_) {
    if (slot.attempt) latest = std::max(latest, slot.attempt->turn_came());
  }
  return latest;
}

void Underway::Reprioritise(int priority) {
  query_.priority = priority;
  calling_ = true;
  for (Slot& slot : slots_) {
    if (slot.attempt) slot.attempt->Reprioritise(priority);
  }
  calling_ = false;
}

RaceResult Underway::AsIfAbandoned(absl::StatusCode code) const {
  const TimePoint now = loop_.Now();
  RaceResult result;
  result.end = RaceEnd::kAbandoned;
  result.outcome = absl::Status(code, "the race was given up");
  result.entrants = results_;
  result.elapsed = now - began_;
  CancelRunning(code, now, result.entrants);
  return result;
}

}  // namespace

Race::Race(Loop& loop, Settings settings)
    : loop_(loop),
      settings_(std::make_shared<const Settings>(std::move(settings))) {}

Race::~Race() = default;

std::string_view Race::name() const { return settings_->name; }

std::unique_ptr<RaceRun> Race::Run(const Query& query, CachePolicy policy,
                                   RaceDone done) {
  auto run = std::make_unique<Underway>(loop_, settings_, query, policy,
                                        std::move(done));
  run->Begin();
  return run;
}

std::unique_ptr<Attempt> Race::Start(const Query& query, Done done) {
  return Run(query, CachePolicy::kDefault,
             [done = std::move(done)](RaceResult result) mutable {
               std::move(done)(std::move(result.outcome));
             });
}

}  // namespace frontrunner
