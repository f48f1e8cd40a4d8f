#include "server/rpc/grpc_call.h"

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>
#include <string>
#include <utility>

#include "server/net/grpc_time.h"
#include "server/rpc/peer.h"

namespace frontrunner {
namespace {

using grpc::internal::RpcMethod;

RpcMethod::RpcType TypeOf(MethodKind kind) {
  switch (kind) {
    case MethodKind::kUnary:
      return RpcMethod::NORMAL_RPC;
    case MethodKind::kServerStreaming:
      return RpcMethod::SERVER_STREAMING;
    case MethodKind::kBidirectional:
      break;
  }
  return RpcMethod::BIDI_STREAMING;
}

grpc::Status ToStatus(const Reply& reply) {
  if (reply.code == absl::StatusCode::kOk) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(reply.code), reply.message,
          reply.details};
}

// Only the queue's thread writes, so no two additions meet.
void Add(OpenCalls& open, int64_t by) {
  open.count.store(open.count.load(std::memory_order_relaxed) + by,
                   std::memory_order_relaxed);
}

class UnaryCall final : public GrpcCall {
 public:
  explicit UnaryCall(const CallSite& site) : GrpcCall(site) {
    site.service->RequestAsyncUnary(site.index, context(), payload(),
                                    &responder_, site.queue, site.queue,
                                    accepted_tag());
  }

 private:
  void Send(Reply reply, void* tag) override {
    if (reply.code == absl::StatusCode::kOk) {
      responder_.Finish(ToByteBuffer(std::move(reply.response)),
                        grpc::Status::OK, tag);
    } else {
      responder_.FinishWithError(ToStatus(reply), tag);
    }
  }

  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> responder_{context()};
};

// What the two kinds of streams share: writing, one message at a time.
template <typename Responder>
class StreamingCall : public GrpcCall {
 public:
  void Write(std::string message,
             absl::AnyInvocable<void(bool) &&> sent) override {
    sent_ = std::move(sent);
    responder_.Write(ToByteBuffer(std::move(message)), AsTag(&written_));
  }

 protected:
  explicit StreamingCall(const CallSite& site) : GrpcCall(site) {}

  Responder& responder() { return responder_; }

 private:
  void Send(Reply reply, void* tag) override {
    responder_.Finish(ToStatus(reply), tag);
  }

  // Out of the way first: it may write the next, or finish.
  void Written(bool ok) { std::exchange(sent_, nullptr)(ok); }

  Responder responder_{context()};
  absl::AnyInvocable<void(bool) &&> sent_;
  MemberTag<StreamingCall, &StreamingCall::Written> written_{this};
};

class ServerStreamingCall final
    : public StreamingCall<grpc::ServerAsyncWriter<grpc::ByteBuffer>> {
 public:
  explicit ServerStreamingCall(const CallSite& site) : StreamingCall(site) {
    site.service->RequestAsyncServerStreaming(site.index, context(), payload(),
                                              &responder(), site.queue,
                                              site.queue, accepted_tag());
  }
};

class BidirectionalCall final
    : public StreamingCall<
          grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> {
 public:
  explicit BidirectionalCall(const CallSite& site) : StreamingCall(site) {
    site.service->RequestAsyncBidiStreaming(site.index, context(), &responder(),
                                            site.queue, site.queue,
                                            accepted_tag());
  }

  void Read(
      absl::AnyInvocable<void(std::optional<std::string>) &&> read) override {
    read_ = std::move(read);
    Owe();
    responder().Read(&incoming_, AsTag(&arrived_));
  }

 private:
  void Arrived(bool ok) {
    auto read = std::exchange(read_, nullptr);
    std::optional<std::string> message;
    grpc::Slice slice;
    if (ok && ToSlice(incoming_, &slice)) message.emplace(ViewOf(slice));
    incoming_.Clear();
    std::move(read)(std::move(message));
    GiveBack();
  }

  grpc::ByteBuffer incoming_;
  absl::AnyInvocable<void(std::optional<std::string>) &&> read_;
  MemberTag<BidirectionalCall, &BidirectionalCall::Arrived> arrived_{this};
};

}  // namespace

RawService::RawService(const std::vector<Route>& routes) {
  int index = 0;
  for (const Route& route : routes) {
    AddMethod(new grpc::internal::RpcServiceMethod(
        route.method.c_str(), TypeOf(route.kind), nullptr));
    MarkMethodRaw(index++);
  }
}

void PostCall(const CallSite& site) {
  if (!site.polled->Begin()) return;
  // The call owns itself.
  switch (site.kind) {
    case MethodKind::kUnary:
      new UnaryCall(site);
      break;
    case MethodKind::kServerStreaming:
      new ServerStreamingCall(site);
      break;
    case MethodKind::kBidirectional:
      new BidirectionalCall(site);
      break;
  }
}

GrpcCall::GrpcCall(const CallSite& site) : site_(site) {
  context_.AsyncNotifyWhenDone(AsTag(&ended_));
}

TimePoint GrpcCall::deadline() const {
  return FromGrpcDeadline(context_.raw_deadline(),
                          std::chrono::steady_clock::now());
}

std::optional<std::string_view> GrpcCall::metadata(
    std::string_view name) const {
  const auto& all = context_.client_metadata();
  const grpc::string_ref wanted(name.data(), name.size());
  const auto found = all.lower_bound(wanted);
  if (found == all.end() || found->first != wanted) return std::nullopt;
  return std::string_view(found->second.data(), found->second.size());
}

Peer GrpcCall::peer() const { return PeerFromUri(context_.peer()); }

void GrpcCall::Finish(Reply reply) {
  if (finished_.exchange(true, std::memory_order_acq_rel)) return;
  // From here on the queue's thread may end the call at any moment.
  Send(std::move(reply), AsTag(&sent_));
}

void GrpcCall::OnCancel(absl::AnyInvocable<void() &&> cancelled) {
  cancelled_ = std::move(cancelled);
}

void GrpcCall::Write(std::string /*message*/,
                     absl::AnyInvocable<void(bool) &&> sent) {
  std::move(sent)(false);
}

void GrpcCall::Read(
    absl::AnyInvocable<void(std::optional<std::string>) &&> read) {
  std::move(read)(std::nullopt);
}

void GrpcCall::Accepted(bool ok) {
  if (!ok) {  // The server shuts down; the done tag does not come.
    delete this;
    return;
  }
  PostCall(site_);
  Add(*site_.open, 1);
  if (site_.kind != MethodKind::kBidirectional &&
      !ToSlice(payload_, &request_)) {
    Finish({.code = absl::StatusCode::kInternal,
            .message = "the request message cannot be read"});
    return;
  }
  site_.handler->Handle(*this);
}

void GrpcCall::Ended(bool /*ok*/) {
  // A call that ends before its Finish has lost its caller.
  if (cancelled_ && !finished_.load(std::memory_order_acquire)) {
    std::exchange(cancelled_, nullptr)();
  }
  GiveBack();
}

void GrpcCall::Sent(bool /*ok*/) { GiveBack(); }

void GrpcCall::GiveBack() {
  if (owed_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  Add(*site_.open, -1);
  delete this;
}

}  // namespace frontrunner
