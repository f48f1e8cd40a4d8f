#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/loop/event_loop.h"
#include "server/net/byte_stream.h"
#include "server/net/connection.h"
#include "server/net/dialer.h"
#include "server/net/event_handle.h"
#include "server/net/resolver.h"

namespace frontrunner {

/// One attempt to open a connection: name, socket, greetings, within the
/// connect timeout. Destroying it gives up.
class ConnectAttempt {
 public:
  /// An open connection. The reader may hold bytes already.
  struct Opened {
    std::unique_ptr<ByteStream> stream;
    std::unique_ptr<ReplyReader> reader;
  };
  /// May destroy the attempt.
  using Done = absl::AnyInvocable<void(absl::StatusOr<Opened>) &&>;

  /// Runs `done` once, on the loop and never inside. `settings` and `resolver`
  /// outlive the attempt. `number`: which attempt this is.
  ConnectAttempt(EventLoop& loop, const ConnectionSettings& settings,
                 Resolver& resolver, size_t number, Done done);
  ~ConnectAttempt();

 private:
  void OnConnected(std::unique_ptr<ByteStream> stream);
  /// Goes on where it can, until done or waiting for the socket.
  void Greet();
  /// Whether the greeting was written; if not, it waits or has finished.
  bool WriteGreeting();
  bool ReadReply();
  /// Waits for the socket as `kind` says; what is no waiting is a failure.
  void Wait(const IoResult& result);
  void Finish(absl::StatusOr<Opened> result);

  EventLoop& loop_;
  const ConnectionSettings& settings_;
  Resolver& resolver_;
  Done done_;
  std::unique_ptr<Timer> timeout_;
  std::unique_ptr<Dialer> dialer_;

  Opened opened_;
  size_t greeting_ = 0;
  size_t written_ = 0;
  EventHandle readable_;
  EventHandle writable_;
};

}  // namespace frontrunner
