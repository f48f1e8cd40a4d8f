#include "server/rpc/health_handler.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "server/rpc/latest_value_stream.h"

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

/// One stream: the state of one service.
class HealthWatchHandler::Watch final : public LatestValueStream {
 public:
  Watch(const ServingStatus& status, ServerCall& call, std::string service)
      : LatestValueStream(call),
        status_(status),
        service_(std::move(service)) {}

  void Refresh() {
    // Looked at when its turn has come, so the state can't be an old one.
    Offer([this] { return Change(); });
  }

 private:
  /// The state, if it is another than the one sent last.
  std::optional<std::string> Change() {
    const auto state = ToProto(status_.Serving(service_));
    if (sent_ == state) return std::nullopt;
    sent_ = state;
    return Encode(state);
  }

  const ServingStatus& status_;
  const std::string service_;
  /// Touched by Change only, which is never called twice at once.
  std::optional<HealthCheckResponse::ServingStatus> sent_;
};

HealthWatchHandler::HealthWatchHandler(const ServingStatus& status,
                                       const Errors& errors,
                                       size_t max_watchers)
    : status_(status), errors_(errors), watches_(max_watchers) {}

HealthWatchHandler::~HealthWatchHandler() = default;

void HealthWatchHandler::Handle(ServerCall& call) {
  auto service = DecodeService(call);
  if (!service) {
    call.Finish(MalformedReply(errors_));
    return;
  }
  const auto watch =
      std::make_shared<Watch>(status_, call, *std::move(service));
  if (const auto refusal = watches_.Add(watch)) {
    call.Finish(errors_.Refused(*refusal));
    return;
  }
  watch->Refresh();
  watch->Begin([this, &watch = *watch] { watches_.Remove(watch); });
}

void HealthWatchHandler::Refresh() {
  for (const auto& watch : watches_.all()) watch->Refresh();
}

void HealthWatchHandler::EndWatches() {
  for (const auto& watch : watches_.Close()) {
    watch->Abort(errors_.Refused(Refusal::kDraining));
  }
}

size_t HealthWatchHandler::watchers() const { return watches_.size(); }

}  // namespace frontrunner
