#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/loop/event_loop.h"
#include "server/net/connection.h"
#include "server/sources/memcached/memcached.h"
#include "server/sources/memcached/meta_reader.h"
#include "server/sources/memcached/server_choice.h"

namespace frontrunner {

/// The connections of one memcached cache. All members but connectivity() are
/// for the loop's thread. Destroying it closes them; no command is called any
/// more.
class MemcachedServers final
    : public std::enable_shared_from_this<MemcachedServers> {
 public:
  struct Server {
    std::string name;
    std::shared_ptr<OpaqueNumbers> numbers;
    std::unique_ptr<Connection> connection;
  };

  /// Begins to connect to all. `loop` outlives it.
  MemcachedServers(EventLoop& loop, MemcachedSettings settings);

  const MemcachedSettings& settings() const { return settings_; }
  EventLoop& loop() const { return loop_; }

  /// The one that has keys with this hash.
  Server& Of(uint64_t hash) { return servers_[choice_.Of(hash)]; }

  /// kConnected if any is, else kOpening if any is. Any thread.
  Connectivity connectivity() const;

  /// As Source has it.
  void WhenOpened(absl::AnyInvocable<void() &&> opened);

 private:
  /// A connection's connectivity has, perhaps, changed.
  void OnChange();

  EventLoop& loop_;
  const MemcachedSettings settings_;
  const ServerChoice choice_;
  std::vector<Server> servers_;
  /// Waiting for connectivity() to be something else than kOpening.
  std::vector<absl::AnyInvocable<void() &&>> waiting_;
};

}  // namespace frontrunner
