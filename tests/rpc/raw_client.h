#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/time.h"
#include "server/race/value.h"

namespace frontrunner {

/// How a call of a RawClient ended.
struct RawResult {
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  std::string details;
  std::string response;
};

struct RawOptions {
  /// From now on; nothing in a test takes that long. Duration::max(): none.
  Duration timeout = std::chrono::seconds(20);
  Metadata metadata;
};

/// A unary call under way. Destroying it cancels it and waits for its end.
class RawCall {
 public:
  RawCall(grpc::GenericStub& stub, const std::string& method,
          std::string_view request, const RawOptions& options);
  ~RawCall();
  RawCall(const RawCall&) = delete;
  RawCall& operator=(const RawCall&) = delete;

  void Cancel() { context_.TryCancel(); }
  /// Blocks until the call is over.
  RawResult Wait();

 private:
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  bool over_ = false;
};

/// A stream under way; every member blocks. Destroying it cancels it.
class RawStream {
 public:
  RawStream(grpc::GenericStub& stub, const std::string& method,
            const RawOptions& options);
  ~RawStream();
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  bool Write(std::string_view message);
  bool WritesDone();
  /// nullopt: the stream has ended.
  std::optional<std::string> Read();
  RawResult Finish();
  void Cancel() { context_.TryCancel(); }

 private:
  bool Next();

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool finished_ = false;
};

/// A gRPC client of bytes, with a connection of its own.
class RawClient {
 public:
  explicit RawClient(const std::string& target,
                     grpc::ChannelArguments arguments = {});

  RawResult Call(const std::string& method, std::string_view request,
                 const RawOptions& options = {});
  std::unique_ptr<RawCall> Start(const std::string& method,
                                 std::string_view request,
                                 const RawOptions& options = {});
  std::unique_ptr<RawStream> Open(const std::string& method,
                                  const RawOptions& options = {});

 private:
  grpc::GenericStub stub_;
};

}  // namespace frontrunner
