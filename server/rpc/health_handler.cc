#include "server/rpc/health_handler.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "grpc/health/v1/health.pb.h"

namespace frontrunner {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

std::optional<std::string> DecodeService(const ServerCall& call) {
  HealthCheckRequest request;
  const std::string_view bytes = call.request();
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::nullopt;
  }
  return std::move(*request.mutable_service());
}

Reply MalformedReply(const Errors& errors) {
  return AsReply(errors.Plain(Reason::kInvalidRequest,
                              "The request is not a HealthCheckRequest."));
}

HealthCheckResponse::ServingStatus ToProto(std::optional<bool> serving) {
  if (!serving) return HealthCheckResponse::SERVICE_UNKNOWN;
  return *serving ? HealthCheckResponse::SERVING
                  : HealthCheckResponse::NOT_SERVING;
}

std::string Encode(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return response.SerializeAsString();
}

}  // namespace

void HealthCheckHandler::Handle(ServerCall& call) {
  const auto service = DecodeService(call);
  if (!service) {
    call.Finish(MalformedReply(errors_));
    return;
  }
  const std::optional<bool> serving = status_.Serving(*service);
  if (!serving) {
    call.Finish({.code = absl::StatusCode::kNotFound,
                 .message = "There is no service of that name."});
    return;
  }
  call.Finish({.response = Encode(ToProto(serving))});
}

/// One stream. Writes are made one at a time, and the call is finished when
/// none is under way, by whoever comes last.
class HealthWatchHandler::Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(HealthWatchHandler& handler, ServerCall& call, std::string service)
      : handler_(handler), call_(&call), service_(std::move(service)) {}

  void Begin() {
    const auto self = shared_from_this();
    call_->OnCancel([self] { self->End(CancelledReply()); });
    Proceed();
  }

  /// Sends the state if it is another than the one sent last.
  void Refresh() {
    {
      std::lock_guard lock(mutex_);
      again_ = true;
      if (busy_) return;
      busy_ = true;
    }
    Proceed();
  }

  /// The first reason to end counts.
  void End(Reply reply) {
    {
      std::lock_guard lock(mutex_);
      if (!end_) end_ = std::move(reply);
      if (busy_) return;
      busy_ = true;
    }
    Proceed();
  }

 private:
  /// By whoever has set busy_.
  void Proceed() {
    const auto self = shared_from_this();
    bool ended = false;
    const auto next = Next(ended);
    if (ended) {
      handler_.Forget(*this);
      std::exchange(call_, nullptr)->Finish(*std::move(end_));
    } else if (next) {
      call_->Write(Encode(*next), [self](bool ok) { self->Sent(ok); });
    }
  }

  /// The state to be sent now. Nullopt: nothing is left to do, and busy_ is
  /// given up; or the stream is to end, and stays busy for ever.
  std::optional<HealthCheckResponse::ServingStatus> Next(bool& ended) {
    std::unique_lock lock(mutex_);
    for (;;) {
      again_ = false;
      lock.unlock();
      const auto state = ToProto(handler_.status_.Serving(service_));
      lock.lock();
      if (end_) {
        ended = true;
        return std::nullopt;
      }
      if (sent_ != state) {
        sent_ = state;
        return state;
      }
      if (!again_) {
        busy_ = false;
        return std::nullopt;
      }
    }
  }

  void Sent(bool ok) {
    if (!ok) {
      std::lock_guard lock(mutex_);
      if (!end_) end_ = CancelledReply();
    }
    Proceed();
  }

  HealthWatchHandler& handler_;
  ServerCall* call_;
  const std::string service_;
  std::mutex mutex_;  // guards all below
  std::optional<HealthCheckResponse::ServingStatus> sent_;
  std::optional<Reply> end_;
  /// A write is under way, or somebody is looking for what to do next. True
  /// from the start: a cancellation that comes at once must not end the call
  /// under OnCancel's feet.
  bool busy_ = true;
  /// The state may have changed since whoever is busy looked at it.
  bool again_ = false;
};

HealthWatchHandler::HealthWatchHandler(const ServingStatus& status,
                                       const Errors& errors,
                                       size_t max_watchers)
    : status_(status), errors_(errors), max_watchers_(max_watchers) {}

HealthWatchHandler::~HealthWatchHandler() = default;

void HealthWatchHandler::Handle(ServerCall& call) {
  auto service = DecodeService(call);
  if (!service) {
    call.Finish(MalformedReply(errors_));
    return;
  }
  std::shared_ptr<Watch> watch;
  bool ended = false;
  {
    std::lock_guard lock(mutex_);
    ended = ended_;
    if (!ended && watches_.size() < max_watchers_) {
      watch = std::make_shared<Watch>(*this, call, *std::move(service));
      watches_.push_back(watch);
    }
  }
  if (watch == nullptr) {
    call.Finish(
        errors_.Refused(ended ? Refusal::kDraining : Refusal::kOverloaded));
    return;
  }
  watch->Begin();
}

void HealthWatchHandler::Refresh() {
  std::vector<std::shared_ptr<Watch>> watches;
  {
    std::lock_guard lock(mutex_);
    watches.assign(watches_.begin(), watches_.end());
  }
  for (const auto& watch : watches) watch->Refresh();
}

void HealthWatchHandler::EndWatches() {
  std::vector<std::shared_ptr<Watch>> watches;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    watches.assign(watches_.begin(), watches_.end());
  }
  for (const auto& watch : watches)
    watch->End(errors_.Refused(Refusal::kDraining));
}

size_t HealthWatchHandler::watchers() const {
  std::lock_guard lock(mutex_);
  return watches_.size();
}

void HealthWatchHandler::Forget(const Watch& watch) {
  std::lock_guard lock(mutex_);
  watches_.remove_if(
      [&watch](const auto& other) { return other.get() == &watch; });
}

}  // namespace frontrunner
