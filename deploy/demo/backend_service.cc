#include "deploy/demo/backend_service.h"

#include <grpcpp/alarm.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace frontrunner::demo {

using frontrunner::v1::LookupRequest;
using frontrunner::v1::LookupResponse;

/// One lookup: waits on a timer, then answers. Owns itself until gRPC is done
/// with it.
class BackendService::Answer final : public grpc::ServerUnaryReactor {
 public:
  Answer(BackendStats& stats, std::chrono::nanoseconds latency,
         grpc::Status status)
      : stats_(stats), status_(std::move(status)) {
    const int64_t underway = ++stats_.underway;
    int64_t most = stats_.max_underway;
    while (underway > most &&
           !stats_.max_underway.compare_exchange_weak(most, underway)) {
    }
    const auto when =
        std::chrono::system_clock::now() +
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            latency);
    timer_.Set(when, [this](bool in_time) { End(in_time); });
  }

 private:
  // The timer has run out or was cancelled; it calls once in either case.
  // Nothing is touched after Finish, which may lead to OnDone elsewhere.
  void End(bool in_time) {
    --stats_.underway;
    if (in_time && !cancelled_) {
      Finish(std::move(status_));
    } else {
      ++stats_.cancelled;
      Finish(grpc::Status::CANCELLED);
    }
  }

  void OnCancel() override {
    cancelled_ = true;
    timer_.Cancel();
  }

  void OnDone() override { delete this; }

  BackendStats& stats_;
  grpc::Status status_;
  std::atomic<bool> cancelled_{false};
  grpc::Alarm timer_;
};

BackendService::BackendService(const NamesTable& names,
                               const Settings& settings)
    : names_(names), settings_(settings), latency_(settings.latency) {}

grpc::ServerUnaryReactor* BackendService::Lookup(
    grpc::CallbackServerContext* context, const LookupRequest* request,
    LookupResponse* response) {
  if (request->table() == "_stats") {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(FindStatistic(request->key(), *response));
    return reactor;
  }
  const int64_t call = ++stats_.calls;
  grpc::Status status;
  if (request->table() != "unicode") {
    status = {grpc::StatusCode::INVALID_ARGUMENT,
              "this backend has the table 'unicode' only"};
  } else if (settings_.fail_code != absl::StatusCode::kOk &&
             call % settings_.fail_every == 0) {
    ++stats_.failed;
    status = {static_cast<grpc::StatusCode>(settings_.fail_code),
              "told to fail"};
  } else {
    status = Find(request->key(), *response);
  }
  return new Answer(stats_, latency_.Next(), std::move(status));
}

grpc::Status BackendService::Find(const std::string& key,
                                  LookupResponse& response) const {
  const auto code_point = ParseCodePoint(key);
  const std::string* name = code_point ? names_.Find(*code_point) : nullptr;
  if (name == nullptr) {
    return {grpc::StatusCode::NOT_FOUND, "no such character name"};
  }
  response.set_value(*name);
  response.set_source("UnicodeData.txt");
  response.mutable_age();
  return grpc::Status::OK;
}

grpc::Status BackendService::FindStatistic(const std::string& key,
                                           LookupResponse& response) const {
  int64_t number = 0;
  if (key == "calls") {
    number = stats_.calls;
  } else if (key == "underway") {
    number = stats_.underway;
  } else if (key == "max_underway") {
    number = stats_.max_underway;
  } else if (key == "cancelled") {
    number = stats_.cancelled;
  } else if (key == "failed") {
    number = stats_.failed;
  } else {
    return {grpc::StatusCode::NOT_FOUND, "no such statistic"};
  }
  response.set_value(absl::StrCat(number));
  response.set_source("_stats");
  // Numbers change: nobody shall keep them.
  response.mutable_fresh_for();
  return grpc::Status::OK;
}

std::string BackendService::Summary() const {
  return absl::StrCat(
      "calls ", stats_.calls.load(), ", underway ", stats_.underway.load(),
      ", max_underway ", stats_.max_underway.load(), ", cancelled ",
      stats_.cancelled.load(), ", failed ", stats_.failed.load());
}

}  // namespace frontrunner::demo
