#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/loop/event_loop.h"
#include "server/net/connection.h"
#include "server/race/query.h"
#include "server/sources/redis/redis.h"

namespace frontrunner {

/// The connections of one Redis cache that commands go over. All members but
/// connectivity() are for the loop's thread. Destroying it closes them; no
/// command is called any more.
class RedisConnections final
    : public std::enable_shared_from_this<RedisConnections> {
 public:
  /// Begins to connect. `loop` outlives it.
  /// `settings.watch.counters` is not null.
  RedisConnections(EventLoop& loop, RedisSettings settings);
  ~RedisConnections();

  const RedisSettings& settings() const { return settings_; }
  EventLoop& loop() const { return loop_; }
  /// The server, as messages name it.
  const std::string& server() const { return server_; }

  /// The one for a key.
  Connection& Of(const CallContext& call) {
    // The lower half of the hash has chosen the loop.
    return *connections_[(call.hash >> 32) % connections_.size()];
  }

  /// Publishes that the key was put, behind what has been sent for it. Inside
  /// the WriteTo of a command for that key too.
  void Announce(const CallContext& call);

  /// kConnected if any is, else kOpening if any is. Any thread.
  Connectivity connectivity() const;

  /// As Source has it.
  void WhenOpened(absl::AnyInvocable<void() &&> opened);

 private:
  class Announcement;

  void OnChange();

  EventLoop& loop_;
  const RedisSettings settings_;
  const std::string server_;
  std::vector<std::unique_ptr<Connection>> connections_;
  /// Under way; as bounded as what the connections hold.
  std::list<Announcement> announcements_;
  /// Waiting for connectivity() to be something else than kOpening.
  std::vector<absl::AnyInvocable<void() &&>> waiting_;
};

}  // namespace frontrunner
