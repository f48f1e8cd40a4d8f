#include "server/sources/memory/shard.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace frontrunner::memory {
namespace {

/// The smallest entries cost about 200 bytes: chains stay about one long even
/// with them.
constexpr size_t kCapacityPerBucket = 256;

/// Half as many as buckets: with the smallest entries the oldest ghosts are
/// forgotten early.
constexpr size_t kCapacityPerGhost = 512;

}  // namespace

Shard::Shard(size_t capacity)
    : capacity_(capacity), ghosts_(capacity / kCapacityPerGhost) {
  const size_t buckets =
      std::bit_floor(std::max<size_t>(1, capacity / kCapacityPerBucket));
  bucket_mask_ = buckets - 1;
  buckets_ = std::make_unique<std::unique_ptr<Entry>[]>(buckets);
  fixed_bytes_ =
      sizeof(Shard) + buckets * sizeof(buckets_[0]) + ghosts_.bytes();
  if (capacity_ > fixed_bytes_) {
    small_capacity_ = static_cast<size_t>(
        kSmallShare * static_cast<double>(capacity_ - fixed_bytes_));
  }
}

Entry* Shard::Find(const Name& name) const {
  Entry* entry = BucketOf(name.hash).get();
  while (entry && !entry->Matches(name)) entry = entry->next.get();
  return entry;
}

Shard::Inserted Shard::Insert(std::unique_ptr<Entry> entry, TimePoint now,
                              Graveyard& graveyard) {
  Inserted inserted;
  const std::string_view stored_name = entry->name;
  const Name name{stored_name.substr(0, entry->table_size), entry->version,
                  stored_name.substr(entry->table_size), entry->hash};
  if (Entry* old = Find(name)) {
    // A new value for a key changes nothing about how much it is wanted.
    entry->in_main = old->in_main;
    entry->uses = old->uses;
    graveyard.Bury(Remove(old));
    inserted.replaced = true;
  }
  if (fixed_bytes_ + entry->cost > capacity_) {
    graveyard.Bury(std::move(entry));
    return inserted;
  }
  while (bytes() + entry->cost > capacity_) {
    EvictOne(now, graveyard);
    ++inserted.evicted;
  }
  if (!inserted.replaced && ghosts_.Take(entry->hash, entries())) {
    entry->in_main = true;
    inserted.returned = true;
  }
  Push(entry.get());
  std::unique_ptr<Entry>& bucket = BucketOf(entry->hash);
  entry->next = std::move(bucket);
  bucket = std::move(entry);
  inserted.stored = true;
  return inserted;
}

std::unique_ptr<Entry> Shard::Remove(Entry* entry) {
  Unlink(entry);
  std::unique_ptr<Entry>* place = &BucketOf(entry->hash);
  while (place->get() != entry) place = &(*place)->next;
  std::unique_ptr<Entry> removed = std::move(*place);
  *place = std::move(removed->next);
  return removed;
}

void Shard::Push(Entry* entry) {
  Fifo& queue = QueueOf(*entry);
  entry->newer = nullptr;
  entry->older = queue.newest;
  (queue.newest ? queue.newest->newer : queue.oldest) = entry;
  queue.newest = entry;
  queue.bytes += entry->cost;
  ++queue.entries;
}

void Shard::Unlink(Entry* entry) {
  Fifo& queue = QueueOf(*entry);
  (entry->newer ? entry->newer->older : queue.newest) = entry->older;
  (entry->older ? entry->older->newer : queue.oldest) = entry->newer;
  queue.bytes -= entry->cost;
  --queue.entries;
}

void Shard::EvictOne(TimePoint now, Graveyard& graveyard) {
  Entry* victim = nullptr;
  if (small_.bytes > small_capacity_ || main_.entries == 0) {
    victim = VictimOfSmall(now);
  }
  if (!victim) victim = VictimOfMain(now);
  if (!victim->in_main && victim->expires > now) ghosts_.Remember(victim->hash);
  graveyard.Bury(Remove(victim));
}

/// Null if all of them deserved to go on to the main queue.
Entry* Shard::VictimOfSmall(TimePoint now) {
  while (Entry* entry = small_.oldest) {
    if (entry->uses < kUsesToStay || entry->expires <= now) return entry;
    Unlink(entry);
    entry->in_main = true;
    entry->uses = 0;
    Push(entry);
  }
  return nullptr;
}

/// Each round takes a use from somebody, so it ends.
Entry* Shard::VictimOfMain(TimePoint now) {
  while (true) {
    Entry* entry = main_.oldest;
    if (entry->uses == 0 || entry->expires <= now) return entry;
    --entry->uses;
    Unlink(entry);
    Push(entry);
  }
}

}  // namespace frontrunner::memory
