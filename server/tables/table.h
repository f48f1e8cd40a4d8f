#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/loop/loop.h"
#include "server/race/race.h"
#include "server/tables/outstanding.h"
#include "server/tables/reason.h"

namespace frontrunner {

/// What a table is, the same on every loop.
struct TableSettings {
  struct WriteBack {
    /// Greater than zero.
    Duration ttl;
    /// Each ttl is shortened by a random part of itself, up to this fraction
    /// (0 to 1), so that values stored together do not expire together.
    double jitter = 0;
  };

  std::string name;
  /// Part of every cached key.
  uint32_t version = 0;
  /// Of a race: the default, and the most a caller gets. Greater than zero.
  Duration deadline;
  /// The most a caller waits with wait_for_value.
  Duration max_wait;
  /// Absent: winners are not written back.
  std::optional<WriteBack> write_back;
  bool coalesce = true;
  /// Put and Forget are open to callers from anywhere.
  bool open_writes = false;
  /// Write-backs under way per loop; more are skipped and counted.
  size_t max_write_backs = 1024;
  /// Callers waiting with wait_for_value, on all loops; more are refused.
  size_t max_waiters = 100000;
};

/// Counted since the server started. Relaxed atomics: written by every loop and
/// edge thread, read by anyone.
struct TableCounters {
  std::atomic<uint64_t> lookups{0};
  std::atomic<uint64_t> peek_hits{0};
  std::atomic<uint64_t> races{0};
  std::atomic<uint64_t> coalesced{0};
  std::atomic<uint64_t> write_backs{0};
  std::atomic<uint64_t> write_back_failures{0};
  std::atomic<uint64_t> write_backs_skipped{0};
  std::atomic<uint64_t> waiting{0};
};

/// A table's cache: its name, and its sources on one loop.
struct TableCache {
  std::string name;
  /// The index of the entrant that is this cache's `find`.
  size_t entrant = 0;
  Cache cache;
};

/// A lookup as it reaches its loop.
struct LookupCall {
  std::shared_ptr<const CallContext> call;
  /// The caller's own; kNever where it set none. The shard clamps it.
  TimePoint deadline = kNever;
  int priority = 0;
  CachePolicy policy = CachePolicy::kDefault;
  bool wait_for_value = false;
  /// A value is answered only when every cache that lacked it has it (rule 8
  /// decides which); one that could not be stored is a failure, kUnavailable.
  /// Nobody waits for it: what it waited for its turn does not count against
  /// the deadline, and storing has as much time again.
  bool until_stored = false;
  /// Runs, at most once and on the loop, when the race has found nothing and
  /// the caller begins to wait for a Put. May be null.
  absl::AnyInvocable<void() &&> parked;
};

struct LookupResult {
  /// The value, or the failure with the code the caller gets.
  Outcome outcome = absl::UnknownError("not run");
  /// The winner's name, or "put"; points into the table. Empty for a failure.
  std::string_view source;
  /// Why it failed; meaningless for a value.
  Reason reason = Reason::kAllSourcesFailed;
  /// Set where a race began. Shared by all who waited for it.
  std::shared_ptr<const RaceResult> race;
  bool coalesced = false;
};

/// `done` may destroy the Attempt.
using LookupDone = absl::AnyInvocable<void(LookupResult) &&>;

/// How a Put or Forget ended: OK, or kUnavailable naming the caches that have
/// not confirmed.
using WriteDone = absl::AnyInvocable<void(absl::Status) &&>;

/// The part of a table that lives on one loop: its races, those who wait for
/// them, and its write-backs. Every member is for that loop's thread.
/// Destroying it cancels its races and drops their callers' done callbacks, so
/// it goes after the last call has ended.
class TableShard {
 public:
  virtual ~TableShard() = default;

  virtual Loop& loop() = 0;

  /// Whether winners are written back to a cache. Any thread; never changes.
  virtual bool stores() const = 0;

  /// `done` runs exactly once, never inside Lookup, unless the Attempt is
  /// destroyed first: then this caller has left, and nobody else notices.
  [[nodiscard]] virtual std::unique_ptr<Attempt> Lookup(LookupCall call,
                                                        LookupDone done) = 0;

  /// Into every cache, and to everyone waiting. `to_store.ttl` absent: the
  /// table's. Destroying the Attempt only forgets who asked.
  [[nodiscard]] virtual std::unique_ptr<Attempt> Put(
      std::shared_ptr<const CallContext> call, ToStore to_store,
      TimePoint deadline, WriteDone done) = 0;

  /// Out of every cache.
  [[nodiscard]] virtual std::unique_ptr<Attempt> Forget(
      std::shared_ptr<const CallContext> call, TimePoint deadline,
      WriteDone done) = 0;

  /// Adds every lookup that races or waits here.
  virtual void ListTo(OutstandingList& list) const = 0;

  /// Ends everyone who waits with wait_for_value, and lets nobody begin, with
  /// kDraining.
  virtual void Drain() = 0;
};

/// What one shard is built of.
struct TableShardParts {
  std::shared_ptr<const TableSettings> settings;
  std::shared_ptr<TableCounters> counters;
  std::vector<Entrant> entrants;
  std::vector<TableCache> caches;
  /// For the jitter of write-backs.
  uint64_t seed = 0;
};

/// `loop` outlives the shard.
std::unique_ptr<TableShard> MakeTableShard(Loop& loop, TableShardParts parts);

/// A table as the edge sees it. Thread-safe.
class Table {
 public:
  struct Parts {
    std::shared_ptr<const TableSettings> settings;
    std::shared_ptr<TableCounters> counters;
    /// The memory entrants that are looked at before anybody starts (those
    /// without start_after), each with its index among the entrants. Their Peek
    /// is thread-safe.
    struct Peekable {
      size_t entrant;
      std::shared_ptr<Source> source;
    };
    std::vector<Peekable> peekable;
    /// The entrants' source names, in order.
    std::vector<std::string> entrant_names;
    /// One per loop; not owned.
    std::vector<TableShard*> shards;
    /// Whether at least one entrant that is not a cache is connected (any, if
    /// there are only caches). Any thread.
    std::function<bool()> serving;
  };

  explicit Table(Parts parts) : parts_(std::move(parts)) {}

  const TableSettings& settings() const { return *parts_.settings; }
  TableCounters& counters() const { return *parts_.counters; }
  const std::vector<std::string>& entrant_names() const {
    return parts_.entrant_names;
  }
  bool serving() const { return parts_.serving(); }
  /// Whether winners are written back to a cache.
  bool stores() const { return parts_.shards.front()->stores(); }

  /// A hit in memory: the value and the entrant that has it.
  struct Found {
    Value value;
    size_t entrant;
  };
  std::optional<Found> Peek(const CallContext& call) const;

  /// One per loop.
  const std::vector<TableShard*>& shards() const { return parts_.shards; }

  /// The shard that owns a key.
  TableShard& ShardOf(uint64_t hash) const {
    return *parts_.shards[hash % parts_.shards.size()];
  }

 private:
  Parts parts_;
};

}  // namespace frontrunner
