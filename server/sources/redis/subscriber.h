#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "server/loop/event_loop.h"
#include "server/net/backoff.h"
#include "server/net/connect_attempt.h"
#include "server/net/connection.h"
#include "server/net/resolver.h"
#include "server/net/stream_io.h"
#include "server/sources/redis/watch_settings.h"

namespace frontrunner {

/// A connection that listens to channels of a Redis: open while there is
/// something to listen to, and `linger` longer. A Connection can't do it, since
/// its replies answer commands in order, and what is published answers none.
///
/// It is opened again, with backoff, however often it is lost, and then listens
/// to the same channels. A peer that owes a reply and is silent for
/// stall_timeout is left; one that owes nothing is asked for a reply every
/// `heartbeat`, so that a dead one is noticed.
///
/// The loop's thread only. Destroying it closes the connection.
class RedisSubscriber {
 public:
  struct Settings {
    /// Of what a Connection makes of it: address, new_reader (whose replies are
    /// a RespReader's that keeps the names of channels), greetings, times,
    /// backoff.
    ConnectionSettings connection;
    /// `counters` is not null.
    RedisWatchSettings watch;
  };
  /// Something may have been published: there was a message, or Redis has
  /// begun (perhaps anew) to listen for us. Never inside Subscribe. Must not
  /// destroy the subscriber.
  using Heard = std::function<void(const std::string& channel)>;

  /// `loop` outlives it.
  RedisSubscriber(EventLoop& loop, Settings settings, Heard heard);
  RedisSubscriber(const RedisSubscriber&) = delete;
  RedisSubscriber& operator=(const RedisSubscriber&) = delete;

  /// Not twice for a channel, before Unsubscribe.
  void Subscribe(const std::string& channel);
  void Unsubscribe(const std::string& channel);

  /// Whether Redis listens for us, as far as is known.
  bool confirmed(const std::string& channel) const;

 private:
  struct Channel {
    /// Between Subscribe and Unsubscribe.
    bool wanted = false;
    /// What was last said on the present connection: SUBSCRIBE.
    bool asked = false;
    bool confirmed = false;
    /// It is among changes_.
    bool changed = false;
  };

  void Change(const std::string& name, Channel& channel);
  void Open();
  void OnOpened(ConnectAttempt::Opened opened);
  void RetryLater(Duration delay);
  void Lose();
  /// Closes, and listens to nothing. Nothing is forgotten but what nobody
  /// wants.
  void Close();

  void FlushLater();
  void Flush();
  void FormatChanges();
  void Read();
  /// Whether the connection is still the one it was.
  bool TakeReplies();
  /// Whether it makes sense.
  bool Take(const CacheReply& reply);
  void TakeConfirmation(const std::string& channel);
  void OnWatch();

  EventLoop& loop_;
  const Settings settings_;
  RedisWatchCounters& counters_;
  const Heard heard_;
  Resolver resolver_;
  Backoff backoff_;
  size_t attempts_ = 0;

  absl::flat_hash_map<std::string, Channel> channels_;
  size_t wanted_ = 0;
  /// Those about which Redis is to be told something, in order; at most once
  /// each.
  std::deque<std::string> changes_;

  std::unique_ptr<ConnectAttempt> attempt_;
  std::unique_ptr<Timer> retry_timer_;
  std::unique_ptr<Timer> flush_timer_;
  std::unique_ptr<Timer> linger_timer_;

  // Of the open connection; null where there is none.
  std::unique_ptr<StreamIo> io_;
  std::unique_ptr<ReplyReader> reader_;
  /// Replies that are owed.
  size_t owed_ = 0;
  TimePoint opened_at_;
  /// When bytes came last, or the first of the replies was owed.
  TimePoint heard_at_;
  std::unique_ptr<Timer> watch_timer_;
};

}  // namespace frontrunner
