#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/net/completion_tag.h"
#include "server/net/grpc_bytes.h"
#include "server/net/polled_queue.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// The routes as gRPC knows them: methods by name, messages as bytes.
class RawService final : public grpc::Service {
 public:
  /// `routes` outlives the service.
  explicit RawService(const std::vector<Route>& routes);

  using grpc::Service::RequestAsyncBidiStreaming;
  using grpc::Service::RequestAsyncServerStreaming;
  using grpc::Service::RequestAsyncUnary;
};

/// Calls accepted on one queue and not yet over. Written by the queue's thread
/// alone, each on its own cache line.
struct alignas(64) OpenCalls {
  std::atomic<int64_t> count{0};
};

/// One method on one queue: where calls are accepted. Outlives its calls.
struct CallSite {
  RawService* service = nullptr;
  /// Of the method in the service.
  int index = 0;
  MethodKind kind = MethodKind::kUnary;
  Handler* handler = nullptr;
  grpc::ServerCompletionQueue* queue = nullptr;
  /// The same queue, which stays as long as there is a call on it.
  PolledQueue* polled = nullptr;
  OpenCalls* open = nullptr;
};

/// Makes ready for one more call of the site's method, unless its queue closes.
void PostCall(const CallSite& site);

/// A gRPC call from before it is accepted until it is over: the state that gRPC
/// writes into, Finish, and the news that the call has ended. It owns itself:
/// it goes when both Finish's tag and the done tag have come, in whichever
/// order, or when it is returned unaccepted at shutdown. Tags come on its
/// queue's thread, on which Handle runs too; so a call that ends while Handle
/// runs is there until Handle returns, and none of this needs a lock.
class GrpcCall : public ServerCall {
 public:
  GrpcCall(const GrpcCall&) = delete;
  GrpcCall& operator=(const GrpcCall&) = delete;

  std::string_view request() const override { return ViewOf(request_); }
  TimePoint deadline() const override;
  /// One thread at a time.
  std::optional<std::string_view> metadata(
      std::string_view name) const override;
  Peer peer() const override;
  /// TLS alone authenticates, and there is none yet.
  bool authenticated() const override { return false; }
  void Finish(Reply reply) final;
  /// What `cancelled` owns goes when the call is over.
  void OnCancel(absl::AnyInvocable<void() &&> cancelled) override;
  /// A call without a stream has nobody to write to.
  void Write(std::string message,
             absl::AnyInvocable<void(bool) &&> sent) override;
  void Read(
      absl::AnyInvocable<void(std::optional<std::string>) &&> read) override;

 protected:
  explicit GrpcCall(const CallSite& site);
  ~GrpcCall() override { site_.polled->End(); }

  /// Hands the reply to gRPC, which gives `tag` back when it is sent.
  virtual void Send(Reply reply, void* tag) = 0;

  const CallSite& site() const { return site_; }
  grpc::ServerContext* context() { return &context_; }
  grpc::ByteBuffer* payload() { return &payload_; }
  /// One more tag will come, after which GiveBack is called.
  void Owe() { owed_.fetch_add(1, std::memory_order_relaxed); }
  /// The queue's thread only; it may destroy the call.
  void GiveBack();
  void* accepted_tag() { return AsTag(&accepted_); }

 private:
  void Accepted(bool ok);
  void Ended(bool ok);
  void Sent(bool ok);

  const CallSite& site_;
  mutable grpc::ServerContext context_;
  grpc::ByteBuffer payload_;
  grpc::Slice request_;
  std::atomic<bool> finished_{false};
  absl::AnyInvocable<void() &&> cancelled_;
  // Tags that have not come: Sent, Ended, and a read.
  std::atomic<int> owed_{2};
  MemberTag<GrpcCall, &GrpcCall::Accepted> accepted_{this};
  MemberTag<GrpcCall, &GrpcCall::Ended> ended_{this};
  MemberTag<GrpcCall, &GrpcCall::Sent> sent_{this};
};

}  // namespace frontrunner
