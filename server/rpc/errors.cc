#include "server/rpc/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/strings.h"
#include "server/rpc/durations.h"
#include "server/rpc/text.h"

namespace frontrunner {
namespace {

/// Three times (percent-encoded, and again inside the details) this is still
/// far below kMaxTrailerBytes.
constexpr size_t kMaxPlainMessage = 1024;
constexpr size_t kMaxTableName = 128;

}  // namespace

Errors::Errors(Settings settings)
    : settings_(settings),
      overloaded_(AsReply(
          Plain(Reason::kOverloaded,
                "The server has as many calls under way as it may have."))),
      draining_(
          AsReply(Plain(Reason::kDraining,
                        "The server is going away and takes no new calls."))) {}

google::rpc::Status Errors::Status(const Failure& failure) const {
  google::rpc::Status status;
  status.set_code(static_cast<int>(failure.code));
  status.set_message(std::string(failure.message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(failure.reason)));
  info.set_domain("frontrunner");
  if (!failure.table.empty()) {
    (*info.mutable_metadata())["table"] =
        CleanAndShorten(failure.table, kMaxTableName);
  }
  status.add_details()->PackFrom(info);
  if (failure.report != nullptr)
    status.add_details()->PackFrom(*failure.report);
  if (WorthRetrying(failure.reason, failure.code)) {
    google::rpc::RetryInfo retry;
    SetDuration(settings_.retry_delay, *retry.mutable_retry_delay());
    status.add_details()->PackFrom(retry);
  }
  return status;
}

google::rpc::Status Errors::Plain(Reason reason, std::string_view message,
                                  std::string_view table) const {
  const std::string shortened = CleanAndShorten(message, kMaxPlainMessage);
  return Status({.reason = reason,
                 .code = CodeOf(reason),
                 .message = shortened,
                 .table = table});
}

google::rpc::Status Errors::UnknownTable(
    std::string_view name,
    const std::vector<std::string_view>& near_names) const {
  const std::string shown = Shorten(name, kMaxTableName);
  std::string message = absl::StrCat("There is no table \"", shown, "\"");
  if (near_names.empty()) {
    absl::StrAppend(&message, ".");
  } else {
    absl::StrAppend(&message, "; did you mean ",
                    absl::StrJoin(near_names, " or ",
                                  [](std::string* out, std::string_view near) {
                                    absl::StrAppend(out, "\"", Absl(near),
                                                    "\"");
                                  }),
                    "?");
  }
  return Plain(Reason::kUnknownTable, message, name);
}

absl::StatusCode CodeOf(Reason reason) {
  switch (reason) {
    case Reason::kAllSourcesFailed:
    case Reason::kFinalFailure:
      return absl::StatusCode::kUnknown;
    case Reason::kDeadline:
      return absl::StatusCode::kDeadlineExceeded;
    case Reason::kNoEntrant:
    case Reason::kTooManyHops:
      return absl::StatusCode::kFailedPrecondition;
    case Reason::kCachesFailed:
    case Reason::kDraining:
      return absl::StatusCode::kUnavailable;
    case Reason::kUnknownTable:
    case Reason::kInvalidKey:
    case Reason::kInvalidRequest:
      return absl::StatusCode::kInvalidArgument;
    case Reason::kOverloaded:
      return absl::StatusCode::kResourceExhausted;
    case Reason::kWritesRefused:
      return absl::StatusCode::kPermissionDenied;
  }
  return absl::StatusCode::kUnknown;
}

bool WorthRetrying(Reason reason, absl::StatusCode code) {
  switch (reason) {
    case Reason::kAllSourcesFailed:
      return code == absl::StatusCode::kUnavailable ||
             code == absl::StatusCode::kResourceExhausted;
    case Reason::kCachesFailed:
    case Reason::kOverloaded:
    case Reason::kDraining:
      return true;
    default:
      return false;
  }
}

Reply AsReply(const google::rpc::Status& status) {
  return {.code = static_cast<absl::StatusCode>(status.code()),
          .message = status.message(),
          .details = status.SerializeAsString()};
}

Reply CancelledReply() {
  return {.code = absl::StatusCode::kCancelled,
          .message = "The caller has given the call up."};
}

}  // namespace frontrunner
