#include "client/failure.h"

#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "client/durations.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr std::string_view kDomain = "frontrunner";

// The type's full name: what follows the last '/' of its URL.
std::string_view TypeName(std::string_view url) {
  return url.substr(url.rfind('/') + 1);
}

void Decode(std::string_view url, const std::string& bytes, Failure& failure) {
  const std::string_view type = TypeName(url);
  if (type == "google.rpc.ErrorInfo") {
    google::rpc::ErrorInfo info;
    if (!info.ParseFromString(bytes) || info.domain() != kDomain) return;
    failure.reason = info.reason();
    failure.metadata = {info.metadata().begin(), info.metadata().end()};
  } else if (type == "google.rpc.RetryInfo") {
    google::rpc::RetryInfo info;
    if (!info.ParseFromString(bytes)) return;
    failure.retry_after = FromProto(info.retry_delay());
  } else if (type == "frontrunner.v1.RaceReport") {
    v1::RaceReport report;
    if (report.ParseFromString(bytes)) failure.report = std::move(report);
  }
}

}  // namespace

Failure FailureOf(const absl::Status& status) {
  Failure failure;
  failure.code = status.code();
  failure.message = std::string(status.message());
  status.ForEachPayload(
      [&failure](absl::string_view url, const absl::Cord& bytes) {
        Decode(Std(url), std::string(bytes), failure);
      });
  return failure;
}

absl::Status StatusFromRpc(const google::rpc::Status& status) {
  // A code that we don't know counts as UNKNOWN, as gRPC has it.
  const int code = status.code();
  absl::Status result(code > 0 && code <= 16
                          ? static_cast<absl::StatusCode>(code)
                          : absl::StatusCode::kUnknown,
                      status.message());
  for (const auto& detail : status.details()) {
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

google::rpc::Status RpcFromStatus(const absl::Status& status) {
  google::rpc::Status result;
  result.set_code(static_cast<int>(status.code()));
  result.set_message(std::string(status.message()));
  // Payloads come in no order; details are given in that of their names.
  std::map<std::string, std::string> details;
  status.ForEachPayload(
      [&details](absl::string_view url, const absl::Cord& bytes) {
        details.emplace(url, bytes);
      });
  for (auto& [url, bytes] : details) {
    auto* detail = result.add_details();
    detail->set_type_url(url);
    detail->set_value(std::move(bytes));
  }
  return result;
}

}  // namespace frontrunner
