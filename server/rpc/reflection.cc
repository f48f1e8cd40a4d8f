#include "server/rpc/reflection.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace frontrunner {
namespace {

constexpr char kMethodV1[] =
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kMethodV1Alpha[] =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// "a.b.Service" of "/a.b.Service/Method".
std::string ServiceOf(const std::string& method) {
  const size_t slash = method.rfind('/');
  return method.substr(1, slash - 1);
}

std::vector<std::string> ServicesOf(const std::vector<Route>& routes) {
  std::set<std::string> services = {ServiceOf(kMethodV1),
                                    ServiceOf(kMethodV1Alpha)};
  for (const Route& route : routes) services.insert(ServiceOf(route.method));
  return {services.begin(), services.end()};
}

Reply GoingAway() {
  return {.code = absl::StatusCode::kUnavailable,
          .message = "the server is going away"};
}

Reply RefusedReply(Refusal refusal) {
  if (refusal == Refusal::kDraining) return GoingAway();
  return {.code = absl::StatusCode::kResourceExhausted,
          .message = "too many reflection streams"};
}

}  // namespace

// One stream: read a question, write its answer, and again. The handler may end
// it from another thread while it waits for a question.
class ReflectionHandler::Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(ReflectionHandler& handler, ServerCall& call)
      : handler_(handler), call_(call) {}

  void Next() {
    {
      // Held meanwhile: after End the call may be gone.
      const std::lock_guard lock(mutex_);
      if (!ending_) {
        state_ = kReading;
        call_.Read([self = shared_from_this()](auto message) {
          self->Arrived(std::move(message));
        });
        return;
      }
    }
    Finish(GoingAway());
  }

  void End() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      if (state_ != kReading) return;  // Next sees it
      state_ = kFinished;
    }
    Finish(GoingAway());
  }

 private:
  enum State { kAnswering, kReading, kFinished };

  void Arrived(std::optional<std::string> message) {
    {
      const std::lock_guard lock(mutex_);
      if (state_ == kFinished) return;
      state_ = kAnswering;
    }
    if (!message) {
      Finish({});
      return;
    }
    grpc::reflection::v1::ServerReflectionRequest request;
    if (!request.ParseFromString(*message)) {
      Finish({.code = absl::StatusCode::kInvalidArgument,
              .message = "not a ServerReflectionRequest"});
      return;
    }
    call_.Write(handler_.answers_.Answer(request).SerializeAsString(),
                [self = shared_from_this()](bool sent) {
                  if (sent) {
                    self->Next();
                  } else {
                    self->Finish({.code = absl::StatusCode::kCancelled});
                  }
                });
  }

  void Finish(Reply reply) {
    const auto self = shared_from_this();
    handler_.streams_.Remove(*this);
    call_.Finish(std::move(reply));
  }

  ReflectionHandler& handler_;
  ServerCall& call_;
  std::mutex mutex_;  // guards the two below
  State state_ = kAnswering;
  bool ending_ = false;
};

ReflectionHandler::ReflectionHandler(const std::vector<Route>& served,
                                     size_t max_streams)
    : answers_(ServicesOf(served)), streams_(max_streams) {}

ReflectionHandler::~ReflectionHandler() = default;

std::vector<Route> ReflectionHandler::routes() {
  return {{.method = kMethodV1,
           .kind = MethodKind::kBidirectional,
           .handler = this},
          {.method = kMethodV1Alpha,
           .kind = MethodKind::kBidirectional,
           .handler = this}};
}

void ReflectionHandler::Handle(ServerCall& call) {
  const auto stream = std::make_shared<Stream>(*this, call);
  if (const auto refusal = streams_.Add(stream)) {
    call.Finish(RefusedReply(*refusal));
  } else {
    stream->Next();
  }
}

void ReflectionHandler::EndStreams() {
  for (const auto& stream : streams_.Close()) stream->End();
}

}  // namespace frontrunner
