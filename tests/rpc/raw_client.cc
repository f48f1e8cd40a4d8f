#include "tests/rpc/raw_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "server/net/grpc_bytes.h"
#include "server/net/grpc_time.h"

namespace frontrunner {
namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || !ToSlice(buffer, &slice)) return "";
  return std::string(ViewOf(slice));
}

void Prepare(grpc::ClientContext* context, const RawOptions& options) {
  if (options.timeout != Duration::max()) {
    context->set_deadline(
        ToGrpcDeadline(std::chrono::steady_clock::now() + options.timeout));
  }
  for (const auto& [name, value] : options.metadata) {
    context->AddMetadata(name, value);
  }
}

RawResult ResultOf(const grpc::Status& status, std::string response) {
  return {status.error_code(), status.error_message(), status.error_details(),
          std::move(response)};
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

RawCall::RawCall(grpc::GenericStub& stub, const std::string& method,
                 std::string_view request, const RawOptions& options) {
  Prepare(&context_, options);
  reader_ = stub.PrepareUnaryCall(&context_, method,
                                  ToByteBuffer(std::string(request)), &queue_);
  reader_->StartCall();
  reader_->Finish(&response_, &status_, this);
}

RawCall::~RawCall() {
  Cancel();
  Wait();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

RawResult RawCall::Wait() {
  void* tag = nullptr;
  bool ok = false;
  if (!over_) over_ = queue_.Next(&tag, &ok);
  return ResultOf(status_, BytesOf(response_));
}

RawStream::RawStream(grpc::GenericStub& stub, const std::string& method,
                     const RawOptions& options) {
  Prepare(&context_, options);
  stream_ = stub.PrepareCall(&context_, method, &queue_);
  stream_->StartCall(this);
  Next();
}

RawStream::~RawStream() {
  if (!finished_) {
    Cancel();
    Finish();
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool RawStream::Next() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

bool RawStream::Write(std::string_view message) {
  stream_->Write(ToByteBuffer(std::string(message)), this);
  return Next();
}

bool RawStream::WritesDone() {
  stream_->WritesDone(this);
  return Next();
}

std::optional<std::string> RawStream::Read() {
  grpc::ByteBuffer message;
  stream_->Read(&message, this);
  if (!Next()) return std::nullopt;
  return BytesOf(message);
}

RawResult RawStream::Finish() {
  grpc::Status status;
  stream_->Finish(&status, this);
  Next();
  finished_ = true;
  return ResultOf(status, "");
}

RawClient::RawClient(const std::string& target,
                     grpc::ChannelArguments arguments)
    : stub_(MakeChannel(target, std::move(arguments))) {}

RawResult RawClient::Call(const std::string& method, std::string_view request,
                          const RawOptions& options) {
  return RawCall(stub_, method, request, options).Wait();
}

std::unique_ptr<RawCall> RawClient::Start(const std::string& method,
                                          std::string_view request,
                                          const RawOptions& options) {
  return std::make_unique<RawCall>(stub_, method, request, options);
}

std::unique_ptr<RawStream> RawClient::Open(const std::string& method,
                                           const RawOptions& options) {
  return std::make_unique<RawStream>(stub_, method, options);
}

}  // namespace frontrunner
