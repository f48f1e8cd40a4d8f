#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/loop/event_loop.h"
#include "server/net/address.h"
#include "server/net/backoff.h"
#include "server/net/reply_reader.h"
#include "server/race/source.h"

namespace frontrunner {

class Connection;
class ConnectionImpl;

/// What a CommandList is made of.
class CommandLink {
 private:
  friend class CommandList;
  CommandLink* previous_ = nullptr;
  CommandLink* next_ = nullptr;
};

/// One command and its place in line: derive from it, then Connection::Send it.
/// Belongs to the caller, lives on the connection's loop, and is sent once.
///
/// Destroying it gives it up: nothing more is called, it is not written if it
/// has not been yet, and if it has, its reply is read and dropped when it comes
/// (until then it costs one pointer). It may outlive its connection.
class Command : private CommandLink {
 public:
  Command() = default;
  virtual ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

 protected:
  friend class ConnectionImpl;
  friend class CommandList;

  /// Appends the bytes to send. Called once, at the end of the turn of Send or
  /// when the connection can take it; not if it has been given up by then.
  virtual void WriteTo(std::string& out) = 0;

  /// The reply. It may destroy this command, others, and the connection, so
  /// nothing may be touched afterwards.
  virtual void OnReply(const CacheReply& reply) = 0;

  /// There will be no reply: kUnavailable (not connected, connection lost) or
  /// kResourceExhausted (refused by the connection's bounds). May destroy
  /// whatever OnReply may.
  virtual void OnFailure(absl::Status status) = 0;

 private:
  enum class Place { kNone, kHeld, kInLine, kFailing };

  /// Null unless it has a place.
  ConnectionImpl* connection_ = nullptr;
  Place place_ = Place::kNone;
  /// For kHeld: what Send was told.
  size_t bytes_ = 0;
  /// For kInLine: its number among all that were ever in line.
  uint64_t ticket_ = 0;
  /// For kFailing.
  absl::Status failure_;
};

/// Counted since they were made; shared by connections that are counted
/// together. Relaxed atomics: written by loops, read by anyone.
struct ConnectionCounters {
  std::atomic<uint64_t> connects{0};
  std::atomic<uint64_t> connect_failures{0};
  /// Established connections that were lost.
  std::atomic<uint64_t> disconnects{0};
  /// Written (or about to be) to a connection.
  std::atomic<uint64_t> commands{0};
  /// Refused because a bound was reached.
  std::atomic<uint64_t> refused{0};
  /// Given up while their reply was awaited.
  std::atomic<uint64_t> abandoned{0};
  /// Replies that came for those.
  std::atomic<uint64_t> late_replies{0};
};

/// A command that every new connection begins with (login, database).
struct Greeting {
  std::string command;
  /// Whether the reply is what it should be. An error closes the connection and
  /// becomes the reason given to callers; it names no secret.
  std::function<absl::Status(const CacheReply&)> check;
};

struct ConnectionSettings {
  Address address;
  /// Makes the reader of a new connection. Required.
  std::function<std::unique_ptr<ReplyReader>()> new_reader;
  /// Sent in order with nothing else behind them until all are answered. At
  /// least one, so that a peer that accepts connections but never answers is
  /// not taken for connected.
  std::vector<Greeting> greetings;

  /// From looking up the name to the last greeting's reply.
  Duration connect_timeout = std::chrono::seconds(1);
  /// With replies outstanding: not a byte for so long means the peer is dead.
  Duration stall_timeout = std::chrono::seconds(3);
  /// With replies outstanding: not one whole reply for so long means that it
  /// might as well be.
  Duration reply_timeout = std::chrono::seconds(15);
  /// A connection that lasted so long before it was lost is opened again at
  /// once, and commands are held meanwhile.
  Duration settled = std::chrono::seconds(1);
  Backoff::Settings backoff;
  /// Added to the random seed of the jitter.
  uint64_t seed = 0;

  /// Commands that are held or whose reply is awaited, given up or not.
  size_t max_outstanding = 16384;
  /// Bytes (as told to Send) of commands that are not written yet.
  size_t max_unwritten = 8 << 20;

  /// Null: its own.
  std::shared_ptr<ConnectionCounters> counters;
  /// Told about every change of connectivity(), on the loop, with the reason
  /// where it is kDisconnected. It must not destroy the connection. May be
  /// null.
  std::function<void(Connectivity, const absl::Status&)> observer;
};

/// One connection to a cache, kept open: commands are written one behind the
/// other without waiting, and replies come back in the same order. All members
/// but connectivity() are for the loop's thread.
///
/// - Commands of one turn of the loop go out in one write, at its end.
/// - While the first attempt to connect is under way, commands are held; it
///   ends within connect_timeout. When the peer closes a connection that was
///   `settled`, a new attempt is made at once, and commands are held for that
///   one too (a server restarted while nobody asked is noticed by nobody).
///   Otherwise, and when that attempt fails, further ones follow with backoff,
///   and commands fail at once until one succeeds.
/// - A lost connection fails every command whose reply it owed. A peer that is
///   silent for too long, or that talks nonsense, is left.
/// - Bounds: max_outstanding and max_unwritten; what is above them fails fast.
///
/// Destroying it closes the socket; no command is called any more.
class Connection {
 public:
  /// Begins to connect. `loop` outlives the connection. Failures go to the
  /// commands.
  Connection(EventLoop& loop, ConnectionSettings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Puts `command` in line. `bytes`: about how many WriteTo will append. Calls
  /// nothing of the command inside.
  void Send(Command& command, size_t bytes);

  /// Any thread.
  Connectivity connectivity() const;

  /// Runs `opened` once, on the loop and never inside the call, when
  /// connectivity() is no longer kOpening; not if the connection is destroyed
  /// first.
  void WhenOpened(absl::AnyInvocable<void() &&> opened);

  /// Commands held or in line, given up or not.
  size_t outstanding() const;

  const ConnectionCounters& counters() const;

 private:
  const std::shared_ptr<ConnectionImpl> impl_;
};

}  // namespace frontrunner
