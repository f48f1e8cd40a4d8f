#include "server/sources/memory/memory_store.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace frontrunner {
namespace {

using memory::Entry;

constexpr size_t kBytesPerShard = size_t{4} << 20;
constexpr size_t kMaxShards = 64;

memory::Name NameOf(const CallContext& call) {
  return {call.table, call.version, call.key, call.hash};
}

/// `from` plus `by`, and as late as can be told from "never" where that is
/// beyond the clock's end.
TimePoint Later(TimePoint from, Duration by) {
  constexpr TimePoint kLast = kNever - Duration(1);
  return by >= kLast - from ? kLast : from + by;
}

}  // namespace

MemoryStore::MemoryStore(const Clock& clock, Settings settings)
    : clock_(clock) {
  size_t shards = settings.shards;
  if (shards == 0) {
    shards = std::min(settings.capacity / kBytesPerShard, kMaxShards);
  }
  shards = std::bit_floor(std::max<size_t>(shards, 1));
  shard_mask_ = shards - 1;
  shards_.reserve(shards);
  for (size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<Guarded>(settings.capacity / shards));
  }
}

std::optional<Value> MemoryStore::Get(const CallContext& call) {
  const TimePoint now = clock_.Now();
  std::unique_ptr<Entry> dead;  // freed after the mutex
  TimePoint produced;
  TimePoint expires;
  Value value;
  Guarded& guarded = ShardOf(call.hash);
  {
    const std::lock_guard lock(guarded.mutex);
    Entry* const entry = guarded.shard.Find(NameOf(call));
    if (!entry || entry->expires <= now) {
      ++guarded.counted.misses;
      if (entry) {
        ++guarded.counted.expired;
        dead = guarded.shard.Remove(entry);
      }
      return std::nullopt;
    }
    memory::Shard::Use(*entry);
    ++guarded.counted.hits;
    value.bytes = entry->bytes;
    produced = entry->produced;
    expires = entry->expires;
  }
  // A Put on another thread may be a little younger than our `now`.
  value.age = std::max(Duration(0), now - produced);
  if (expires != kNever) value.fresh_for = expires - now;
  return value;
}

bool MemoryStore::Put(const CallContext& call, const ToStore& to_store) {
  const bool expires = to_store.ttl.has_value();
  if (expires && *to_store.ttl <= Duration(0)) {
    Erase(call);
    return false;
  }
  const TimePoint now = clock_.Now();
  // The wall clock is read once, here; from now on the age is monotonic. One
  // that jumped backwards must not make values from the future.
  const Duration age =
      std::max(Duration(0), clock_.WallNow() - to_store.produced);
  auto entry =
      std::make_unique<Entry>(NameOf(call), to_store.bytes, now - age,
                              expires ? Later(now, *to_store.ttl) : kNever);
  memory::Graveyard graveyard;  // freed after the mutex
  Guarded& guarded = ShardOf(call.hash);
  const std::lock_guard lock(guarded.mutex);
  const memory::Shard::Inserted inserted =
      guarded.shard.Insert(std::move(entry), now, graveyard);
  MemoryStats& counted = guarded.counted;
  counted.evicted += inserted.evicted;
  if (!inserted.stored) {
    ++counted.too_large;
    return false;
  }
  ++counted.stored;
  if (inserted.replaced) ++counted.replaced;
  if (inserted.returned) ++counted.returned;
  return true;
}

bool MemoryStore::Erase(const CallContext& call) {
  std::unique_ptr<Entry> dead;  // freed after the mutex
  Guarded& guarded = ShardOf(call.hash);
  const std::lock_guard lock(guarded.mutex);
  Entry* const entry = guarded.shard.Find(NameOf(call));
  if (!entry) return false;
  dead = guarded.shard.Remove(entry);
  ++guarded.counted.erased;
  return true;
}

MemoryStats MemoryStore::stats() const {
  MemoryStats sum;
  for (const std::unique_ptr<Guarded>& guarded : shards_) {
    const std::lock_guard lock(guarded->mutex);
    const MemoryStats& counted = guarded->counted;
    sum.entries += guarded->shard.entries();
    sum.bytes += guarded->shard.bytes();
    sum.capacity += guarded->shard.capacity();
    sum.hits += counted.hits;
    sum.misses += counted.misses;
    sum.expired += counted.expired;
    sum.stored += counted.stored;
    sum.replaced += counted.replaced;
    sum.returned += counted.returned;
    sum.erased += counted.erased;
    sum.evicted += counted.evicted;
    sum.too_large += counted.too_large;
  }
  return sum;
}

}  // namespace frontrunner
