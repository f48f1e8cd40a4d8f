#include "server/tables/write_back.h"

#include <optional>
#include <utility>

#include "server/tables/freshness.h"
#include "server/tables/guarded_start.h"

namespace frontrunner {

WriteBack::WriteBack(Loop& loop, const TableShardParts& parts)
    : loop_(loop), parts_(parts), random_(parts.seed) {}

void WriteBack::AfterWin(const CallPtr& call, const RaceResult& race) {
  const TableSettings& settings = *parts_.settings;
  if (!settings.write_back) return;
  const std::vector<const TableCache*> lacking = Lacking(race);
  if (lacking.empty()) return;
  const Value& value = *race.outcome;
  const std::optional<Duration> ttl =
      TtlFor(value, *settings.write_back, random_);
  if (!ttl) return;

  auto to_store = std::make_shared<ToStore>();
  to_store->bytes = value.bytes;
  to_store->produced = loop_.WallNow() - value.age;
  to_store->ttl = ttl;
  Query query;
  query.call = call;
  query.to_store = std::move(to_store);
  for (const TableCache* cache : lacking) Store(*cache, query);
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

void WriteBack::Store(const TableCache& cache, const Query& query) {
  TableCounters& counters = *parts_.counters;
  if (size_ >= parts_.settings->max_write_backs) {
    counters.write_backs_skipped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  counters.write_backs.fetch_add(1, std::memory_order_relaxed);
  ++size_;
  Attempts& attempts = underway_[query.call];
  const auto attempt = attempts.insert(attempts.end(), nullptr);
  *attempt =
      StartGuarded(loop_, *cache.cache.store, query,
                   [this, call = query.call, attempt](const Outcome& outcome) {
                     OnStored(call, attempt, outcome);
                   });
}

void WriteBack::OnStored(const CallPtr& call, Attempts::iterator attempt,
                         const Outcome& outcome) {
  if (!outcome.ok()) {
    parts_.counters->write_back_failures.fetch_add(1,
                                                   std::memory_order_relaxed);
  }
  --size_;
  const auto found = underway_.find(*call);
  found->second.erase(attempt);
  if (found->second.empty()) underway_.erase(found);
}

void WriteBack::Abandon(const CallContext& call) {
  const auto found = underway_.find(call);
  if (found == underway_.end()) return;
  const Attempts abandoned = std::move(found->second);
  underway_.erase(found);
  size_ -= abandoned.size();
}

}  // namespace frontrunner
