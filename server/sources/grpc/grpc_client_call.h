#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <memory>
#include <optional>

#include "server/loop/loop.h"
#include "server/net/completion_tag.h"
#include "server/sources/grpc/channel.h"
#include "server/sources/grpc/grpc_connections.h"

namespace frontrunner {

/// The state of one call to a backend. It outlives the ClientCall that was
/// given out for it: once sent it is there until its tag has come, cancelled or
/// not.
///
/// Begin, Abandon and Complete are the loop's, Proceed the queue's; what
/// crosses is `abandoned_` and, when the tag has come, the result, by
/// Loop::Post.
class GrpcClientCall final
    : public CompletionTag,
      public std::enable_shared_from_this<GrpcClientCall> {
 public:
  GrpcClientCall(Loop& loop, std::shared_ptr<GrpcConnections> connections,
                 ClientRequest request, ClientDone done);

  /// Sends it, unless it has been abandoned.
  void Begin();
  /// The caller has gone: done will not run.
  void Abandon();
  void Proceed(bool ok) override;

 private:
  void Send();
  void Complete();
  void FillRetryAdvice(ClientReply* reply) const;
  void Deliver(ClientReply reply);

  Loop& loop_;
  const std::shared_ptr<GrpcConnections> connections_;
  ClientRequest request_;  // its slot is the queue's while `self_` is set
  ClientDone done_;        // null: answered or abandoned
  std::atomic<bool> abandoned_{false};
  // From sending until the tag has come.
  std::shared_ptr<GrpcClientCall> self_;
  // Made only for calls that are sent.
  std::optional<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
};

}  // namespace frontrunner
