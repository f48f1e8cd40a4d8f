#include "server/tables/write_back.h"

#include <optional>
#include <utility>

#include "server/race/guarded_start.h"
#include "server/tables/freshness.h"

namespace frontrunner {

WriteBack::WriteBack(Loop& loop, const TableShardParts& parts)
    : loop_(loop), parts_(parts), random_(parts.seed) {}

void WriteBack::AfterWin(const CallPtr& call, const RaceResult& race,
                         const std::shared_ptr<UntilStored>& waiting) {
  if (parts_.settings->write_back) {
    if (waiting) NameFailed(race, *waiting);
    Begin(call, race, waiting);
  }
  if (waiting) waiting->AllBegun();
}

void WriteBack::Begin(const CallPtr& call, const RaceResult& race,
                      const std::shared_ptr<UntilStored>& waiting) {
  const std::vector<const TableCache*> lacking = Lacking(race);
  if (lacking.empty()) return;
  const Value& value = *race.outcome;
  const std::optional<Duration> ttl =
      TtlFor(value, *parts_.settings->write_back, random_);
  if (!ttl) {
    if (!waiting) return;
    // It may not be kept.
    for (const TableCache* cache : lacking) {
      waiting->LeftOut(cache->name, absl::StatusCode::kFailedPrecondition);
    }
    return;
  }

  auto to_store = std::make_shared<ToStore>();
  to_store->bytes = value.bytes;
  to_store->produced = loop_.WallNow() - value.age;
  to_store->ttl = ttl;
  Query query;
  query.call = call;
  query.to_store = std::move(to_store);
  for (const TableCache* cache : lacking) Store(*cache, query, waiting);
}

/// A cache that failed in the race is not written to, so that a value from
/// elsewhere is surely not there.
void WriteBack::NameFailed(const RaceResult& race, UntilStored& waiting) const {
  if (parts_.entrants[static_cast<size_t>(race.decisive)].is_cache) return;
  for (const TableCache& cache : parts_.caches) {
    const EntrantResult& entrant = race.entrants[cache.entrant];
    if (entrant.verdict == Verdict::kFailed) {
      waiting.LeftOut(cache.name, entrant.status.code());
    }
  }
}

/// A value from elsewhere goes to every cache that works. One from a cache only
/// to those that said that they lack it, so that a hit in memory, where nobody
/// else was asked, writes nothing.
std::vector<const TableCache*> WriteBack::Lacking(
    const RaceResult& race) const {
  const bool from_cache =
      parts_.entrants[static_cast<size_t>(race.decisive)].is_cache;
  std::vector<const TableCache*> lacking;
  for (const TableCache& cache : parts_.caches) {
    const Verdict verdict = race.entrants[cache.entrant].verdict;
    if (from_cache ? verdict == Verdict::kMissed
                   : verdict != Verdict::kFailed) {
      lacking.push_back(&cache);
    }
  }
  return lacking;
}

void WriteBack::Store(const TableCache& cache, const Query& query,
                      const std::shared_ptr<UntilStored>& waiting) {
  TableCounters& counters = *parts_.counters;
  if (size_ >= parts_.settings->max_write_backs) {
    counters.write_backs_skipped.fetch_add(1, std::memory_order_relaxed);
    if (waiting) waiting->Skipped(cache.name);
    return;
  }
  counters.write_backs.fetch_add(1, std::memory_order_relaxed);
  ++size_;
  if (waiting) waiting->Begun(cache.name);
  OfKey& of_key = underway_[query.call];
  const auto underway =
      of_key.insert(of_key.end(), {.cache = &cache, .waiting = waiting});
  underway->attempt =
      StartGuarded(loop_, *cache.cache.store, query,
                   [this, call = query.call, underway](const Outcome& outcome) {
                     OnStored(call, underway, outcome);
                   });
}

void WriteBack::OnStored(const CallPtr& call, OfKey::iterator underway,
                         const Outcome& outcome) {
  if (!outcome.ok()) {
    parts_.counters->write_back_failures.fetch_add(1,
                                                   std::memory_order_relaxed);
  }
  --size_;
  const auto found = underway_.find(*call);
  if (underway->waiting) {
    underway->waiting->Ended(underway->cache->name, outcome.status());
  }
  found->second.erase(underway);
  if (found->second.empty()) underway_.erase(found);
}

void WriteBack::Abandon(const CallContext& call) {
  const auto found = underway_.find(call);
  if (found == underway_.end()) return;
  const OfKey abandoned = std::move(found->second);
  underway_.erase(found);
  size_ -= abandoned.size();
  for (const Underway& underway : abandoned) {
    if (underway.waiting) underway.waiting->Overtaken();
  }
}

}  // namespace frontrunner
