#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "server/sources/memory/entry.h"
#include "server/sources/memory/ghost_queue.h"

namespace frontrunner::memory {

/// Entries by name, bounded in bytes, turned out by S3-FIFO. Not thread-safe:
/// MemoryStore holds a mutex around it.
///
/// Why S3-FIFO (Yang, Zhang, Qiu, Yue, Vinayak: "FIFO queues are all you need
/// for cache eviction", SOSP 2023)
///
/// Context. Lookups are skewed, so a small cache serves most of them, until a
/// batch, a crawl or a prefetch walks over keys that nobody asks for twice.
/// LRU then gives the whole cache away to the walk. And it moves an entry at
/// every hit, under the mutex.
///
/// Decision. New entries go through a small queue. Only those that are hit
/// twice on the way go on to the main queue, the others leave and are
/// remembered in a ghost queue of hashes; who comes back while remembered goes
/// straight to the main queue. A walk thus passes through a tenth of the
/// memory. A hit only raises a counter. The constants are the paper's: a small
/// queue of a tenth (kSmallShare), two bits of counter (kMaxUses), on from the
/// small queue when used more than once (kUsesToStay). It keeps as many ghosts
/// as the main queue can hold entries; we keep as many as there are entries,
/// since the main queue is empty at first.
///
/// SIEVE (NSDI 2024) is simpler still, one queue and one bit, but its authors
/// say themselves that it does not resist scans. W-TinyLFU does, and needs a
/// frequency sketch and a list that moves at hits.
///
/// Consequences. tests/bench/memory_hit_ratio measures it against LRU. Entries
/// cost two pointers for the queues; the ghosts and the index are tables of
/// fixed size, about 5% of the capacity, counted in bytes(). An entry that is
/// never hit leaves after a tenth of the capacity was written, however full of
/// old entries the main queue is.
class Shard {
 public:
  /// In bytes, everything counted.
  explicit Shard(size_t capacity);

  /// Null if it is not there. The entry stays the shard's.
  Entry* Find(const Name& name) const;

  /// To be called for each hit.
  static void Use(Entry& entry) {
    if (entry.uses < kMaxUses) ++entry.uses;
  }

  /// Puts it in, replacing one of the same name; turns out others, expired or
  /// not, until it fits. An entry that can never fit is not stored, though it
  /// does remove the one that it would replace. What leaves goes to
  /// `graveyard`.
  struct Inserted {
    bool stored = false;
    bool replaced = false;
    /// Who made room.
    size_t evicted = 0;
    /// Came back while its ghost was remembered.
    bool returned = false;
  };
  Inserted Insert(std::unique_ptr<Entry> entry, TimePoint now,
                  Graveyard& graveyard);

  /// Takes out an entry that Find gave.
  std::unique_ptr<Entry> Remove(Entry* entry);

  size_t capacity() const { return capacity_; }
  /// Never more than capacity(), unless the empty tables alone are.
  size_t bytes() const { return fixed_bytes_ + small_.bytes + main_.bytes; }
  size_t entries() const { return small_.entries + main_.entries; }

 private:
  static constexpr double kSmallShare = 0.1;
  static constexpr uint8_t kMaxUses = 3;
  static constexpr uint8_t kUsesToStay = 2;

  struct Fifo {
    Entry* newest = nullptr;
    Entry* oldest = nullptr;
    size_t bytes = 0;
    size_t entries = 0;
  };
  Fifo& QueueOf(const Entry& entry) { return entry.in_main ? main_ : small_; }
  void Push(Entry* entry);
  void Unlink(Entry* entry);

  /// One entry leaves. There is at least one.
  void EvictOne(TimePoint now, Graveyard& graveyard);
  Entry* VictimOfSmall(TimePoint now);
  Entry* VictimOfMain(TimePoint now);

  std::unique_ptr<Entry>& BucketOf(uint64_t hash) const {
    return buckets_[hash & bucket_mask_];
  }

  const size_t capacity_;
  size_t bucket_mask_ = 0;
  std::unique_ptr<std::unique_ptr<Entry>[]> buckets_;
  GhostQueue ghosts_;
  Fifo small_;
  Fifo main_;
  size_t fixed_bytes_ = 0;
  size_t small_capacity_ = 0;
};

}  // namespace frontrunner::memory
