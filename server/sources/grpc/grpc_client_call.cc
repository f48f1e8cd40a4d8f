#include "server/sources/grpc/grpc_client_call.h"

#include <grpcpp/generic/generic_stub.h>

#include <utility>

#include "server/net/grpc_bytes.h"
#include "server/net/grpc_time.h"

namespace frontrunner {
namespace {

using grpc::internal::RpcMethod;

absl::Status ToAbsl(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code < absl::StatusCode::kCancelled ||
      code > absl::StatusCode::kUnauthenticated) {
    code = absl::StatusCode::kUnknown;
  }
  const std::string message = status.error_message();
  return absl::Status(code, message);
}

void Append(const std::multimap<grpc::string_ref, grpc::string_ref>& from,
            Metadata* to) {
  for (const auto& [name, value] : from) {
    to->emplace_back(std::string(name.data(), name.size()),
                     std::string(value.data(), value.size()));
  }
}

void Count(std::atomic<uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

GrpcClientCall::GrpcClientCall(Loop& loop,
                               std::shared_ptr<GrpcConnections> connections,
                               ClientRequest request, ClientDone done)
    : loop_(loop),
      connections_(std::move(connections)),
      request_(std::move(request)),
      done_(std::move(done)) {}

void GrpcClientCall::Begin() {
  if (done_ == nullptr) {
    Count(connections_->counters().never_sent);
  } else if (connections_->queue().Begin()) {
    Send();
  } else {
    request_.slot = nullptr;
    Deliver({.status = absl::UnavailableError("the server is going away")});
  }
}

void GrpcClientCall::Send() {
  Count(connections_->counters().sent);
  GrpcConnection& connection = connections_->Next();
  context_.emplace();
  context_->set_deadline(ToGrpcDeadline(request_.deadline));
  for (const auto& [name, value] : request_.metadata) {
    context_->AddMetadata(name, value);
  }
  const RpcMethod unregistered(request_.method.c_str(), RpcMethod::NORMAL_RPC);
  const RpcMethod* method = &unregistered;
  for (const auto& registered : connection.methods) {
    if (request_.method == registered->name()) method = registered.get();
  }
  reader_.reset(
      grpc::internal::ClientAsyncResponseReaderHelper::Create<grpc::ByteBuffer>(
          connection.channel.get(), connections_->queue().get(), *method,
          &*context_, ToByteBuffer(std::move(request_.message))));
  self_ = shared_from_this();
  reader_->StartCall();
  reader_->Finish(&response_, &status_, AsTag(this));
}

void GrpcClientCall::Abandon() {
  if (done_ == nullptr) return;
  done_ = nullptr;
  if (!context_) {
    request_.slot = nullptr;
    return;
  }
  abandoned_.store(true, std::memory_order_release);
  Count(connections_->counters().cancelled);
  context_->TryCancel();
}

void GrpcClientCall::Proceed(bool /*ok*/) {
  PolledQueue& queue = connections_->queue();
  auto self = std::move(self_);
  // Completed: the place may be given to the next.
  request_.slot = nullptr;
  if (!abandoned_.load(std::memory_order_acquire)) {
    loop_.Post([call = std::move(self)] { call->Complete(); });
  } else {
    if (status_.ok()) Count(connections_->counters().late_results);
    self.reset();
  }
  queue.End();
}

void GrpcClientCall::Complete() {
  if (done_ == nullptr) {
    if (status_.ok()) Count(connections_->counters().late_results);
    return;
  }
  ClientReply reply{.status = ToAbsl(status_)};
  grpc::Slice slice;
  if (reply.status.ok()) {
    if (response_.Valid() && ToSlice(response_, &slice)) {
      reply.message = ViewOf(slice);
    } else {
      reply.status = absl::InternalError("the response cannot be read");
    }
  } else {
    FillRetryAdvice(&reply);
  }
  if (request_.want_metadata) {
    Append(context_->GetServerInitialMetadata(), &reply.metadata);
    Append(context_->GetServerTrailingMetadata(), &reply.metadata);
  }
  Deliver(std::move(reply));
}

void GrpcClientCall::FillRetryAdvice(ClientReply* reply) const {
  reply->details = status_.error_details();
  const auto& trailers = context_->GetServerTrailingMetadata();
  const auto pushback = trailers.find("grpc-retry-pushback-ms");
  if (pushback != trailers.end()) {
    reply->retry_pushback.emplace(pushback->second.data(),
                                  pushback->second.size());
  }
}

void GrpcClientCall::Deliver(ClientReply reply) {
  std::exchange(done_, nullptr)(std::move(reply));
}

}  // namespace frontrunner
