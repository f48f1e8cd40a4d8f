#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/net/command_list.h"
#include "server/net/connect_attempt.h"
#include "server/net/connection.h"
#include "server/net/reply_line.h"
#include "server/net/resolver.h"
#include "server/net/stream_io.h"

namespace frontrunner {

/// What a Connection is. Shared only with tasks on their way and with its own
/// functions while they call a command, which may destroy the Connection: then
/// Shut has been called, and they return.
class ConnectionImpl : public std::enable_shared_from_this<ConnectionImpl> {
 public:
  ConnectionImpl(EventLoop& loop, ConnectionSettings settings);

  void Start() { BeginAttempt(); }
  /// Closes, and forgets every command.
  void Shut();

  void Send(Command& command, size_t bytes);
  /// The command is being destroyed.
  void GiveUp(Command& command);

  Connectivity connectivity() const {
    return connectivity_.load(std::memory_order_acquire);
  }
  using Opened = absl::AnyInvocable<void() &&>;
  void WhenOpened(Opened opened);
  size_t outstanding() const { return held_count_ + line_.size(); }
  const ConnectionCounters& counters() const { return *counters_; }

 private:
  enum class State {
    /// No connection, but an attempt is under way that commands are held for.
    kHolding,
    kOpen,
    /// No connection: commands fail with failure_.
    kBroken,
  };
  /// As many commands are formatted at a time as fill so much; the rest can
  /// still be given up. As much is read at a time.
  static constexpr size_t kChunk = size_t{64} << 10;

  /// What becomes of those who ask while the next connection is being opened.
  enum class Reopen { kHold, kFail };

  // connection_impl.cc: opening and losing the connection.
  void BeginAttempt();
  void OnOpened(ConnectAttempt::Opened opened);
  void OnAttemptFailed(const absl::Status& why);
  void Lose(const absl::Status& why, Reopen reopen);
  void BecomeBroken(const absl::Status& why);
  void SetConnectivity(Connectivity connectivity, const absl::Status& why);
  void PostOpened(Opened opened);
  void WatchForStall();
  void OnStallTimer();

  // connection_io.cc: commands out, replies in.
  void FlushLater();
  void Flush();
  void FailLater(Command& command, absl::Status why);
  void WriteCommands();
  void FormatCommands();
  void ReadReplies();
  /// Whether the connection is still the one it was.
  bool DeliverReplies();

  EventLoop& loop_;
  const ConnectionSettings settings_;
  const std::shared_ptr<ConnectionCounters> counters_;
  std::atomic<Connectivity> connectivity_{Connectivity::kOpening};
  std::vector<Opened> when_opened_;

  State state_ = State::kHolding;
  bool shut_ = false;
  Resolver resolver_;
  Backoff backoff_;
  size_t attempts_ = 0;
  std::unique_ptr<ConnectAttempt> attempt_;
  std::unique_ptr<Timer> retry_timer_;
  /// Why it is kBroken.
  absl::Status failure_;

  /// Not yet formatted. bytes_ of them sum up to held_bytes_.
  CommandList held_;
  size_t held_count_ = 0;
  size_t held_bytes_ = 0;
  ReplyLine line_;
  /// To be failed at the end of the turn.
  CommandList failing_;
  bool flush_is_posted_ = false;

  // Of the open connection. The reader is replaced, not destroyed, when the
  // connection is lost: a reply of its may still be in use.
  std::unique_ptr<StreamIo> io_;
  std::unique_ptr<ReplyReader> reader_;
  TimePoint opened_at_;
  /// When the line was empty last, some bytes came, or a whole reply came.
  TimePoint waiting_since_;
  TimePoint received_at_;
  TimePoint replied_at_;
  std::unique_ptr<Timer> stall_timer_;
};

}  // namespace frontrunner
