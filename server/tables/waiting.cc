#include "server/tables/waiting.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "server/tables/freshness.h"

namespace frontrunner {

Waiting::Waiting(Loop& loop, Settings settings, std::atomic<uint64_t>& gauge)
    : loop_(loop),
      settings_(settings),
      gauge_(gauge),
      deadlines_(loop, [this] { OnDue(); }) {}

Waiting::~Waiting() {
  for (auto& [call, callers] : by_key_) {
    for (Caller* caller : callers) caller->host = nullptr;
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
  caller.host = this;
  caller.number = next_number_++;
  std::list<Caller*>& callers = by_key_[caller.lookup().call];
  caller.place = callers.insert(callers.end(), &caller);
  caller.due = deadlines_.Add(deadline, caller);
  ++size_;
  gauge_.fetch_add(1, std::memory_order_relaxed);
}

void Waiting::Serve(const CallContext& call, const ToStore& put) {
  const Value value = ValueOf(put, loop_.WallNow());
  const uint64_t newcomers = next_number_;
  // Looked up anew each time: a caller's done may do anything.
  for (auto found = by_key_.find(call); found != by_key_.end();
       found = by_key_.find(call)) {
    Caller& caller = *found->second.front();
    if (caller.number >= newcomers) return;
    Leave(caller);
    LookupResult result;
    result.outcome = value;
    result.source = "put";
    result.race = std::move(caller.race);
    result.coalesced = caller.coalesced;
    caller.Answer(std::move(result));
  }
}

void Waiting::ListTo(OutstandingList& list) const {
  for (const auto& [call, callers] : by_key_) {
    for (const Caller* caller : callers) {
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
  const auto found = by_key_.find(caller.lookup().call);
  found->second.erase(caller.place);
  if (found->second.empty()) by_key_.erase(found);
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
