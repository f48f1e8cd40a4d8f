#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/loop/event_loop.h"
#include "server/net/address.h"
#include "server/net/connection.h"
#include "server/race/source.h"
#include "server/sources/redis/watch_settings.h"

namespace frontrunner {

struct RedisSettings {
  /// The name in the configuration.
  std::string name;
  Address address;
  /// For AUTH; empty: Redis's default user.
  std::string username;
  /// Empty: no AUTH.
  std::string password;
  uint32_t database = 0;
  /// What the stored keys begin with.
  std::string key_prefix = "fr:";
  /// At least one. A key is always asked for on the same one, so that what is
  /// written to it happens in order.
  size_t connections = 1;
  /// Bytes of a value. A larger one is neither stored nor, should somebody else
  /// have stored it, held in memory.
  size_t max_value = size_t{1} << 20;
  /// Bounds and times of each; address, reader and greetings are set here.
  ConnectionSettings connection;
  /// Of the connection that hears of Puts.
  RedisWatchSettings watch;
};

/// A cache on one Redis server. Returns at once, kOpening; it is connected when
/// a connection is, has logged in and was answered.
///
/// `loop` outlives the cache. The three sources share the connections, which
/// go with the last of them and of their attempts; all are for the loop's
/// thread.
///
/// Stored under key_prefix, table, ":", version, ":", key, as an envelope
/// (sources/envelope) that Redis forgets when its ttl is over.
///
/// Failures: kUnavailable (no connection, login refused, or Redis can't serve
/// now), kResourceExhausted (a value above max_value, Redis out of memory, too
/// much waiting here), kUnauthenticated and kPermissionDenied (Redis's own
/// NOAUTH, NOPERM …), kInternal (what Redis says makes no sense). Of an error's
/// text only its first word is kept. A value that is damaged, foreign, expired
/// or under a wrong key is a miss.
///
/// A Put (ToStore::announce) is published on a channel of its key as well,
/// right behind the SET on the same connection; that this fails is counted, and
/// the SET alone decides how the store ends. `watch` listens to those channels,
/// on a connection of its own that is open while a key is watched. No failure
/// of Redis is one of a watch: it tells of nothing until Redis is back, and
/// then to look again.
Cache MakeRedis(EventLoop& loop, RedisSettings settings);

}  // namespace frontrunner
