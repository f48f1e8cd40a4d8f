#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/race/source.h"
#include "server/race/value.h"

namespace frontrunner {

/// One unary call to a backend, whatever carries it.
struct ClientRequest {
  /// "/frontrunner.v1.LookupService/Lookup".
  std::string method;
  /// The request message.
  std::string message;
  /// Sent with it.
  Metadata metadata;
  /// kNever: the call ends when the backend or the caller ends it.
  TimePoint deadline = kNever;
  /// Fill ClientReply.metadata.
  bool want_metadata = false;
  /// Query::slot. Kept, beyond the ClientCall, until the call has completed on
  /// this side; dropped on any thread.
  std::shared_ptr<const void> slot;
};

/// How a call ended.
struct ClientReply {
  /// OK, or the failure with the backend's own code and message.
  absl::Status status;
  /// The response message. Valid until the callback returns.
  std::string_view message;
  /// What came before and after the message, where it was wanted.
  Metadata metadata;
  /// With a failure, as the backend sent them: a serialized google.rpc.Status
  /// (may be empty), and grpc-retry-pushback-ms.
  std::string details;
  std::optional<std::string> retry_pushback;
};

/// It may destroy the ClientCall, and the channel.
using ClientDone = absl::AnyInvocable<void(ClientReply) &&>;

/// A call under way. Destroying it cancels it: its ClientDone will not run
/// afterwards, and the backend is told.
class ClientCall {
 public:
  virtual ~ClientCall() = default;
};

/// A way to a backend. Belongs to one loop; every member but connectivity() is
/// for that loop's thread. Its calls may outlive it.
class ClientChannel {
 public:
  virtual ~ClientChannel() = default;

  /// As configured; part of every failure's message.
  virtual std::string_view target() const = 0;

  /// Begins a call at the end of the loop's turn: one that is destroyed within
  /// the turn is never sent. `done` runs exactly once, on the loop and never
  /// inside Start, unless the ClientCall is destroyed first. Never null. While
  /// the first connection is being made calls wait for it; where there is no
  /// connection they fail with kUnavailable.
  [[nodiscard]] virtual std::unique_ptr<ClientCall> Start(ClientRequest request,
                                                          ClientDone done) = 0;

  /// Any thread.
  virtual Connectivity connectivity() const = 0;

  /// As Source::WhenOpened.
  virtual void WhenOpened(absl::AnyInvocable<void() &&> opened) = 0;
};

}  // namespace frontrunner
