#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/base/time.h"

namespace frontrunner {

/// How a call ends: OK with a response, or a failure.
struct Reply {
  /// The response message of a unary call; empty for a failure and at the end
  /// of a stream.
  std::string response;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string message;
  /// A serialized google.rpc.Status for grpc-status-details-bin; may be empty.
  std::string details;
};

/// Where a caller is.
enum class Peer { kUnixSocket, kLoopback, kElsewhere };

/// One call, as a handler sees it. The transport owns it; it is valid until the
/// handler's Finish returns. Calls may live and end on any thread.
class ServerCall {
 public:
  virtual ~ServerCall() = default;

  /// The request message; for a bidirectional stream see Read. Valid until
  /// Finish.
  virtual std::string_view request() const = 0;
  /// kNever where the caller set none. Never further than a year away.
  virtual TimePoint deadline() const = 0;
  /// The first value of a header (lower-case name). Valid until Finish.
  virtual std::optional<std::string_view> metadata(
      std::string_view name) const = 0;
  virtual Peer peer() const = 0;
  /// Whether the transport has authenticated the caller.
  virtual bool authenticated() const = 0;

  /// Ends the call. Owed exactly once, to cancelled calls too. Any thread. Not
  /// while a Write is under way. A Read under way ends too: its `read` runs
  /// once all the same, perhaps after Finish, when the call is no longer valid.
  virtual void Finish(Reply reply) = 0;

  /// Runs `cancelled` if the caller goes away (cancels, or its deadline or
  /// connection ends) before Finish: at most once, on an edge thread, perhaps
  /// before OnCancel returns, perhaps while Finish is being called elsewhere.
  /// To be called at most once, inside Handle.
  virtual void OnCancel(absl::AnyInvocable<void() &&> cancelled) = 0;

  /// Streams only: sends one message. `sent` runs once, on an edge thread, when
  /// the next may be written; false: the caller is gone, Finish is still owed.
  /// One at a time.
  virtual void Write(std::string message,
                     absl::AnyInvocable<void(bool) &&> sent) = 0;

  /// Bidirectional streams only: waits for the next request message. `read`
  /// runs once, on an edge thread; nullopt: there are no more. One at a time.
  virtual void Read(
      absl::AnyInvocable<void(std::optional<std::string>) &&> read) = 0;
};

/// Answers the calls of one method. Thread-safe; outlives its calls.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Runs on an edge thread and never blocks. Sees to it that `call` is
  /// finished, now or later.
  virtual void Handle(ServerCall& call) = 0;
};

enum class MethodKind { kUnary, kServerStreaming, kBidirectional };

/// What a transport serves.
struct Route {
  /// "/frontrunner.v1.LookupService/Lookup".
  std::string method;
  MethodKind kind = MethodKind::kUnary;
  /// Not owned.
  Handler* handler = nullptr;
};

}  // namespace frontrunner
