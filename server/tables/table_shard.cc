#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "server/tables/caller.h"
#include "server/tables/flight.h"
#include "server/tables/flights.h"
#include "server/tables/freshness.h"
#include "server/tables/race_reason.h"
#include "server/tables/table.h"
#include "server/tables/table_write.h"
#include "server/tables/until_stored.h"
#include "server/tables/waiting.h"
#include "server/tables/write_back.h"

namespace frontrunner {
namespace {

void Count(std::atomic<uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// A lookup's way: deadline → flight (shared or its own) → race → answer, or
/// waiting for a value → write-back. The steps live in their own files; here
/// they meet.
class Shard final : public TableShard, private Flight::Owner {
 public:
  Shard(Loop& loop, TableShardParts parts);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  Loop& loop() override { return loop_; }
  bool stores() const override {
    return settings().write_back && !parts_.caches.empty();
  }
  std::unique_ptr<Attempt> Lookup(LookupCall call, LookupDone done) override;
  std::unique_ptr<Attempt> Put(CallPtr call, ToStore to_store,
                               TimePoint deadline, WriteDone done) override;
  std::unique_ptr<Attempt> Forget(CallPtr call, TimePoint deadline,
                                  WriteDone done) override;
  void ListTo(OutstandingList& list) const override {
    flights_.ListTo(list);
    waiting_.ListTo(list);
  }
  void Drain() override { waiting_.Drain(); }

 private:
  const TableSettings& settings() const { return *parts_.settings; }
  TableCounters& counters() { return *parts_.counters; }
  TimePoint Clamp(TimePoint deadline) const;
  void TakeOff(Caller& caller);
  std::unique_ptr<Attempt> Write(CallPtr call,
                                 std::shared_ptr<const ToStore> to_store,
                                 TimePoint deadline, WriteDone done);
  void Answer(Flight& flight, Caller& caller,
              std::shared_ptr<const RaceResult> race) override;
  void Landed(Flight& flight, const RaceResult* race) override;

  Loop& loop_;
  const TableShardParts parts_;
  Race race_;
  WriteBack write_back_;
  Flights flights_;
  TableWrites writes_;
  Waiting waiting_;
};

Shard::Shard(Loop& loop, TableShardParts parts)
    : loop_(loop),
      parts_(std::move(parts)),
      race_(loop, Race::Settings{settings().name, parts_.entrants}),
      write_back_(loop, parts_),
      writes_(
          loop, parts_.caches,
          {.max_unattended = settings().max_write_backs,
           // Who asks from now on shall see what was written.
           .ended = [this](const CallContext& call) { flights_.Close(call); }}),
      waiting_(loop, parts_.caches,
               {.max_wait = settings().max_wait,
                .max_waiters = settings().max_waiters},
               counters().waiting) {}

TimePoint Shard::Clamp(TimePoint deadline) const {
  return std::min(deadline, After(loop_.Now(), settings().deadline));
}

std::unique_ptr<Attempt> Shard::Lookup(LookupCall call, LookupDone done) {
  Count(counters().lookups);
  auto caller = std::make_unique<Caller>(std::move(call), std::move(done));
  const LookupCall& lookup = caller->lookup();
  caller->began = loop_.Now();
  if (lookup.deadline <= caller->began) {
    LookupResult result;
    result.outcome = absl::DeadlineExceededError(
        "the deadline was over before anybody was asked");
    result.reason = Reason::kDeadline;
    caller->AnswerLater(loop_, std::move(result));
    return caller;
  }
  caller->race_deadline = Clamp(lookup.deadline);
  caller->race_time = caller->race_deadline - caller->began;
  Flight* flight = settings().coalesce
                       ? flights_.Find(*lookup.call, lookup.policy)
                       : nullptr;
  if (flight) {
    Count(counters().coalesced);
    caller->coalesced = true;
    flight->Join(*caller);
  } else {
    TakeOff(*caller);
  }
  return caller;
}

void Shard::TakeOff(Caller& caller) {
  Count(counters().races);
  const LookupCall& lookup = caller.lookup();
  Flight::Owner& owner = *this;
  auto flight =
      std::make_shared<Flight>(loop_, owner, lookup.call, lookup.policy);
  flights_.Add(flight);
  flight->Join(caller);
  // A write under way may reach the caches after they have been asked.
  if (const auto* latest = writes_.Find(*lookup.call)) {
    flight->Overwrite(latest->put);
  }
  Query query;
  query.call = lookup.call;
  // A shared race may outlive its first caller, and one until_stored may get
  // more time.
  if (!settings().coalesce && !lookup.until_stored) {
    query.deadline = caller.race_deadline;
  }
  flight->Begin(race_, query);
}

void Shard::Answer(Flight& flight, Caller& caller,
                   std::shared_ptr<const RaceResult> race) {
  LookupResult result;
  if (!race->outcome.ok() && caller.lookup().wait_for_value &&
      EndedInNotFound(*race)) {
    if (!flight.put()) {
      waiting_.Park(caller, std::move(race));
      return;
    }
    // Put while it raced: those who waited then have had it.
    result.outcome = ValueOf(*flight.put(), loop_.WallNow());
    result.source = "put";
  } else if (race->outcome.ok()) {
    result.outcome = race->outcome;
    SayHowLongFresh(*result.outcome, settings());
    result.source =
        parts_.entrants[static_cast<size_t>(race->decisive)].source->name();
  } else {
    result.outcome = race->outcome.status();
    result.reason = ReasonOf(parts_.entrants, *race);
  }
  // With nobody to ask no race began.
  if (race->end != RaceEnd::kNobody) result.race = std::move(race);
  if (result.outcome.ok() && caller.lookup().until_stored) {
    if (!flight.until_stored) {
      flight.until_stored =
          std::make_shared<UntilStored>(loop_, std::move(result));
    }
    flight.until_stored->Join(caller);
    return;
  }
  result.coalesced = caller.coalesced;
  caller.Answer(std::move(result));
}

void Shard::Landed(Flight& flight, const RaceResult* race) {
  const auto until_stored = std::move(flight.until_stored);
  if (race && race->end == RaceEnd::kWinner && !flight.overwritten()) {
    write_back_.AfterWin(flight.call(), *race, until_stored);
  } else if (until_stored) {
    until_stored->Overtaken();
  }
  flights_.Remove(flight);
}

std::unique_ptr<Attempt> Shard::Put(CallPtr call, ToStore to_store,
                                    TimePoint deadline, WriteDone done) {
  if (deadline <= loop_.Now()) return writes_.TooLate(std::move(done));
  if (!to_store.ttl && settings().write_back) {
    to_store.ttl = settings().write_back->ttl;
  }
  to_store.announce = true;
  const auto put = std::make_shared<const ToStore>(std::move(to_store));
  auto attempt = Write(call, put, deadline, std::move(done));
  waiting_.Serve(*call, *put);
  return attempt;
}

std::unique_ptr<Attempt> Shard::Forget(CallPtr call, TimePoint deadline,
                                       WriteDone done) {
  if (deadline <= loop_.Now()) return writes_.TooLate(std::move(done));
  return Write(std::move(call), nullptr, deadline, std::move(done));
}

/// The write beats every race that is on, and every write-back that is.
std::unique_ptr<Attempt> Shard::Write(CallPtr call,
                                      std::shared_ptr<const ToStore> to_store,
                                      TimePoint deadline, WriteDone done) {
  write_back_.Abandon(*call);
  flights_.Overwrite(*call, to_store);
  return writes_.Begin(std::move(call), std::move(to_store), Clamp(deadline),
                       std::move(done));
}

}  // namespace

std::unique_ptr<TableShard> MakeTableShard(Loop& loop, TableShardParts parts) {
  return std::make_unique<Shard>(loop, std::move(parts));
}

}  // namespace frontrunner
