#include "server/tables/flight.h"

#include <algorithm>
#include <utility>

#include "server/tables/freshness.h"

namespace frontrunner {

Flight::Flight(Loop& loop, Owner& owner, CallPtr call, CachePolicy policy)
    : owner_(owner),
      call_(std::move(call)),
      policy_(policy),
      deadlines_(loop, [this] { OnDue(); }) {}

Flight::~Flight() {
  for (Caller* caller : callers_) caller->host = nullptr;
}

void Flight::Join(Caller& caller) {
  caller.host = this;
  caller.place = callers_.insert(callers_.end(), &caller);
  caller.due = deadlines_.Add(caller.race_deadline, caller);
  // Who gets more time where it is needed (Prolong) sets no bound.
  wanted_until_ =
      std::max(wanted_until_,
               caller.lookup().until_stored ? kNever : caller.race_deadline);
  CountPriority(caller.lookup().priority, +1);
  TellPriority();
}

void Flight::Begin(Race& race, const Query& query) {
  Query ours = query;
  priority_ = priorities_.begin()->first;
  ours.priority = priority_;
  ours.wanted_until = &wanted_until_;
  run_ = race.Run(ours, policy_,
                  [this](RaceResult result) { OnRaceOver(std::move(result)); });
}

void Flight::Overwrite(std::shared_ptr<const ToStore> put) {
  overwritten_ = true;
  put_ = std::move(put);
}

void Flight::Leave(Caller& caller) {
  LetGo(caller);
  if (!run_) return;  // its end is being told to the others
  if (callers_.empty()) {
    Cancel();
  } else {
    TellPriority();
  }
}

void Flight::PriorityChanged(Caller& caller, int before) {
  CountPriority(before, -1);
  CountPriority(caller.lookup().priority, +1);
  TellPriority();
}

void Flight::LetGo(Caller& caller) {
  caller.host = nullptr;
  callers_.erase(caller.place);
  deadlines_.Remove(caller.due);
  CountPriority(caller.lookup().priority, -1);
}

void Flight::CountPriority(int priority, int by) {
  const auto count = priorities_.try_emplace(priority, 0).first;
  count->second += by;
  if (count->second == 0) priorities_.erase(count);
}

void Flight::TellPriority() {
  if (!run_ || priorities_.empty()) return;
  const int most_urgent = priorities_.begin()->first;
  if (most_urgent == priority_) return;
  priority_ = most_urgent;
  run_->Reprioritise(most_urgent);
}

void Flight::OnRaceOver(RaceResult result) {
  // From here on nobody's leaving cancels anything: the owner holds us until
  // it is told that we have landed.
  run_ = nullptr;
  const auto race = std::make_shared<const RaceResult>(std::move(result));
  while (!callers_.empty()) {
    Caller& caller = *callers_.front();
    LetGo(caller);
    owner_.Answer(*this, caller, race);
  }
  owner_.Landed(*this, race.get());
}

void Flight::OnDue() {
  const auto keep = shared_from_this();
  const auto race = std::make_shared<const RaceResult>(
      run_->AsIfAbandoned(absl::StatusCode::kDeadlineExceeded));
  while (Caller* caller = deadlines_.FirstOver()) {
    if (Prolong(*caller)) continue;
    LetGo(*caller);
    // The answer comes last: with it others may leave, and newcomers join.
    if (run_ && callers_.empty()) Cancel();
    TellPriority();
    owner_.Answer(*this, *caller, race);
  }
}

/// For a caller whom nobody waits for (until_stored), waiting for a turn does
/// not count where the turn has come. Where it has not, the caller's place is
/// for others.
bool Flight::Prolong(Caller& caller) {
  if (!run_ || !caller.lookup().until_stored) return false;
  const TimePoint turn = run_->turn_came();
  if (turn == kNever || turn <= caller.began) return false;
  const TimePoint due = After(turn, caller.race_time);
  if (due <= caller.race_deadline) return false;
  deadlines_.Remove(caller.due);
  caller.race_deadline = due;
  caller.due = deadlines_.Add(due, caller);
  return true;
}

void Flight::Cancel() {
  run_ = nullptr;
  owner_.Landed(*this, nullptr);
}

}  // namespace frontrunner
