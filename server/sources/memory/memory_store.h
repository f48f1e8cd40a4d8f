#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "server/base/time.h"
#include "server/race/query.h"
#include "server/race/value.h"
#include "server/sources/memory/shard.h"

namespace frontrunner {

/// Counted since the store was made, but for the first three, which are now.
struct MemoryStats {
  size_t entries = 0;
  /// Of everything the store has on the heap, allocator overhead included.
  size_t bytes = 0;
  size_t capacity = 0;
  uint64_t hits = 0;
  /// Expired ones included.
  uint64_t misses = 0;
  /// Found, but too late.
  uint64_t expired = 0;
  uint64_t stored = 0;
  /// Of those stored: in the place of an older value.
  uint64_t replaced = 0;
  /// Of those stored: turned out not long before.
  uint64_t returned = 0;
  uint64_t erased = 0;
  /// Made room for others.
  uint64_t evicted = 0;
  /// Not stored because no shard could ever hold them.
  uint64_t too_large = 0;
};

/// Values in this process's memory, bounded in bytes, shared by every loop and
/// edge thread. Thread-safe: one std::mutex per shard, held for a few pointer
/// steps; nothing is allocated at a hit, and whatever leaves is freed after the
/// mutex. Which entries leave first: memory::Shard.
class MemoryStore {
 public:
  struct Settings {
    /// In bytes, all overhead counted. It is divided evenly among the shards,
    /// and a value larger than a shard can hold is not stored.
    size_t capacity = size_t{64} << 20;
    /// How many shards, rounded down to a power of two. Zero: one for each
    /// 4 MiB, at least one and at most 64, so that each holds the largest
    /// values a table allows (1 MiB by default) without losing all others.
    size_t shards = 0;
  };

  /// `clock` outlives the store and every thread may ask it. Expiry goes by its
  /// monotonic time, so the wall clock may jump.
  MemoryStore(const Clock& clock, Settings settings);
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  /// What is stored for the call's table, version and key, with its age now
  /// and, if it expires, how long it still may be kept.
  std::optional<Value> Get(const CallContext& call);

  /// Keeps it, replacing an older value. False where it is not stored, because
  /// it is too large or its ttl is not above zero; then an older value is gone
  /// all the same.
  bool Put(const CallContext& call, const ToStore& to_store);

  /// Whether it was there.
  bool Erase(const CallContext& call);

  /// A sum over the shards, each as it was at a slightly different moment.
  MemoryStats stats() const;

 private:
  /// Apart from each other, so that two threads do not share a cache line.
  struct alignas(64) Guarded {
    explicit Guarded(size_t capacity) : shard(capacity) {}
    mutable std::mutex mutex;
    // Everything below is guarded by `mutex`.
    memory::Shard shard;
    MemoryStats counted;
  };

  Guarded& ShardOf(uint64_t hash) const {
    // Neither the low bits, which choose the loop and the bucket, nor only the
    // high ones, which tell ghosts apart.
    return *shards_[(hash >> 24) & shard_mask_];
  }

  const Clock& clock_;
  size_t shard_mask_ = 0;
  std::vector<std::unique_ptr<Guarded>> shards_;
};

}  // namespace frontrunner
