#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/base/time.h"
#include "server/race/value.h"

namespace frontrunner {

/// What is asked. Made once where a call enters, then shared and never changed,
/// so that a source may keep it as long as it likes.
struct CallContext {
  std::string table;
  /// The table's `version`: part of every cached key.
  uint32_t version = 0;
  std::string key;
  /// KeyHash(table, key): decides the loop, the shard and the cache server.
  uint64_t hash = 0;
  /// For calls passed through: the method and the request message. Empty for
  /// lookups.
  std::string method;
  std::string request;
  Metadata metadata;
  /// How many Frontrunners the call has come through.
  int hops = 0;
};

/// What a cache is told to keep.
struct ToStore {
  Bytes bytes;
  /// When a backend or computation produced it.
  WallTime produced;
  /// Greater than zero. Absent: no expiry.
  std::optional<Duration> ttl;
  /// A Put rather than a write-back: those who wait for the key elsewhere are
  /// to hear of it (KeyWatch).
  bool announce = false;
};

/// One question to a source. Copying it copies three pointers.
struct Query {
  std::shared_ptr<const CallContext> call;
  /// For the sources that store; null for all others.
  std::shared_ptr<const ToStore> to_store;
  /// kNever where there is none.
  TimePoint deadline = kNever;
  /// Until when anybody waits, as far as is known, which may grow: the deadline
  /// of a race that many share. Null where there is none. To be looked at by
  /// the attempt only; what keeps the query for longer must not.
  const TimePoint* wanted_until = nullptr;
  /// In dispatch queues the lower number is served first.
  int priority = 0;
  /// Its place among those a dispatch queue lets through at once; null where
  /// nothing limits it. A source whose work can outlive its Attempt (a call
  /// that was cancelled but has not completed, a computation that can't be
  /// stopped) keeps a copy until the work has really ended; the place is given
  /// back with the last one. To be dropped on any thread.
  std::shared_ptr<const void> slot;
};

}  // namespace frontrunner
