#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/loop/event_loop.h"
#include "server/net/connection.h"
#include "server/race/query.h"
#include "server/sources/redis/redis.h"

namespace frontrunner {

/// The connections of one Redis cache. All members but connectivity() are for
/// the loop's thread. Destroying it closes them; no command is called any more.
class RedisConnections final
    : public std::enable_shared_from_this<RedisConnections> {
 public:
  /// Begins to connect. `loop` outlives it.
  RedisConnections(EventLoop& loop, RedisSettings settings);

  const RedisSettings& settings() const { return settings_; }
  EventLoop& loop() const { return loop_; }
  /// The server, as messages name it.
  const std::string& server() const { return server_; }

  /// The one for a key.
  Connection& Of(const CallContext& call) {
    // The lower half of the hash has chosen the loop.
    return *connections_[(call.hash >> 32) % connections_.size()];
  }

  /// What the key is stored under.
  std::string StoredKey(const CallContext& call) const;

  /// kConnected if any is, else kOpening if any is. Any thread.
  Connectivity connectivity() const;

  /// As Source has it.
  void WhenOpened(absl::AnyInvocable<void() &&> opened);

 private:
  std::vector<Greeting> Greetings() const;
  void OnChange();

  EventLoop& loop_;
  const RedisSettings settings_;
  const std::string server_;
  std::vector<std::unique_ptr<Connection>> connections_;
  /// Waiting for connectivity() to be something else than kOpening.
  std::vector<absl::AnyInvocable<void() &&>> waiting_;
};

}  // namespace frontrunner
