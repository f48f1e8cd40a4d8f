#include "server/tables/waiting.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "server/tables/freshness.h"

namespace frontrunner {

Waiting::Waiting(Loop& loop, const std::vector<TableCache>& caches,
                 Settings settings, std::atomic<uint64_t>& gauge)
    : loop_(loop),
      caches_(caches),
      can_hear_(Elsewhere::CanHear(caches)),
      settings_(settings),
      gauge_(gauge),
      deadlines_(loop, [this] { OnDue(); }) {}

Waiting::~Waiting() {
  for (auto& [call, room] : rooms_) {
    for (auto& [number, caller] : room.callers) caller->host = nullptr;
  }
  gauge_.fetch_sub(size_, std::memory_order_relaxed);
}

void Waiting::Park(Caller& caller, std::shared_ptr<const RaceResult> race) {
  caller.race = std::move(race);
  const TimePoint now = loop_.Now();
  const TimePoint deadline =
      std::min(caller.lookup().deadline, After(now, settings_.max_wait));
  if (draining_) {
    Fail(caller, Reason::kDraining,
         absl::UnavailableError("nobody has it, and it is not waited for: the "
                                "server is going away"));
    return;
  }
  if (gauge_.load(std::memory_order_relaxed) >= settings_.max_waiters) {
    Fail(caller, Reason::kOverloaded,
         absl::ResourceExhaustedError(
             "nobody has it, and too many are waiting already"));
    return;
  }
  caller.due = deadlines_.Add(deadline, caller);
  Enter(caller);
  caller.TellParked();
}

void Waiting::Enter(Caller& caller) {
  caller.host = this;
  caller.number = next_number_++;
  ++size_;
  gauge_.fetch_add(1, std::memory_order_relaxed);
  const auto [entry, is_new] = rooms_.try_emplace(caller.lookup().call);
  Room& room = entry->second;
  room.callers.emplace(caller.number, &caller);
  if (!is_new || !can_hear_) return;
  // The room may go while it is served from there, and its call with it.
  room.elsewhere = std::make_unique<Elsewhere>(
      loop_, caches_, entry->first,
      [this, call = entry->first](const Value& value) {
        ServeAll(*call, value, From::kElsewhere);
      });
}

void Waiting::Serve(const CallContext& call, const ToStore& put) {
  ServeAll(call, ValueOf(put, loop_.WallNow()), From::kHere);
}

void Waiting::ServeAll(const CallContext& call, const Value& value, From from) {
  const uint64_t newcomers = next_number_;
  // Looked up anew each time: a caller's done may do anything.
  uint64_t next = 0;
  for (auto room = rooms_.find(call); room != rooms_.end();
       room = rooms_.find(call)) {
    const auto found = room->second.callers.lower_bound(next);
    if (found == room->second.callers.end() || found->first >= newcomers) {
      return;
    }
    next = found->first + 1;
    Caller& caller = *found->second;
    if (!Suits(caller, value, from)) continue;
    Leave(caller);
    LookupResult result;
    result.outcome = value;
    result.source = "put";
    result.race = std::move(caller.race);
    result.coalesced = caller.coalesced;
    caller.Answer(std::move(result));
  }
}

/// What is found elsewhere may have lain there before. Whoever did not want to
/// hear of caches gets it only if it was put since they asked.
bool Waiting::Suits(const Caller& caller, const Value& value, From from) const {
  return from == From::kHere ||
         caller.lookup().policy != CachePolicy::kBypass ||
         value.age <= loop_.Now() - caller.began;
}

void Waiting::ListTo(OutstandingList& list) const {
  for (const auto& [call, room] : rooms_) {
    for (const auto& [number, caller] : room.callers) {
      list.Add(call, caller->lookup().priority, caller->began, true);
    }
  }
}

void Waiting::Drain() {
  draining_ = true;
  while (Caller* caller = deadlines_.First()) {
    Leave(*caller);
    Fail(*caller, Reason::kDraining,
         absl::UnavailableError("no longer waited for: the server is going "
                                "away"));
  }
}

void Waiting::Leave(Caller& caller) {
  caller.host = nullptr;
  deadlines_.Remove(caller.due);
  const auto room = rooms_.find(caller.lookup().call);
  room->second.callers.erase(caller.number);
  if (room->second.callers.empty()) rooms_.erase(room);
  --size_;
  gauge_.fetch_sub(1, std::memory_order_relaxed);
}

void Waiting::OnDue() {
  while (Caller* caller = deadlines_.FirstOver()) {
    Leave(*caller);
    Fail(*caller, Reason::kDeadline,
         absl::DeadlineExceededError("waited until the deadline, and nobody "
                                     "put a value"));
  }
}

void Waiting::Fail(Caller& caller, Reason reason, absl::Status status) {
  LookupResult result;
  result.outcome = std::move(status);
  result.reason = reason;
  result.race = std::move(caller.race);
  result.coalesced = caller.coalesced;
  caller.Answer(std::move(result));
}

}  // namespace frontrunner
