#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/net/address.h"
#include "server/net/connection.h"
#include "server/race/source.h"

namespace frontrunner {

struct MemcachedSettings {
  /// The name in the configuration.
  std::string name;
  /// At least one. Several share the keys (ServerChoice): all Frontrunners that
  /// shall find each other's values must spell them alike.
  std::vector<Address> servers;
  /// What the stored keys begin with.
  std::string key_prefix = "fr:";
  /// Bytes of a value. A larger one is neither stored nor, should somebody else
  /// have stored it, held in memory.
  size_t max_value = size_t{1} << 20;
  /// For every server; address, reader and greetings are set here.
  ConnectionSettings connection;
};

/// A cache on memcached servers (1.6.18 or later, by their meta protocol), with
/// one connection to each. Returns at once, kOpening; it is connected when any
/// server is. A dead server fails only its keys.
///
/// `loop` outlives the cache. The three sources share one store, which goes
/// with the last of them and of their attempts; all are for the loop's thread.
///
/// Failures: kUnavailable (no connection, or the server's own trouble),
/// kResourceExhausted (a value above max_value or the server's item size, no
/// memory there, or too many commands waiting here), kInternal (the server did
/// not understand us). A value that is damaged, foreign, expired or under a
/// wrong key is a miss.
Cache MakeMemcached(EventLoop& loop, MemcachedSettings settings);

}  // namespace frontrunner
