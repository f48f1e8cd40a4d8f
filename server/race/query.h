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
};

/// One question to a source. Copying it copies two pointers.
struct Query {
  std::shared_ptr<const CallContext> call;
  /// For the sources that store; null for all others.
  std::shared_ptr<const ToStore> to_store;
  /// kNever where there is none.
  TimePoint deadline = kNever;
  /// In dispatch queues the lower number is served first.
  int priority = 0;
};

}  // namespace frontrunner
