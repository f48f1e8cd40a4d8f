#include "server/sources/http/http_status.h"

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

absl::StatusCode CodeOf(int status) {
  switch (status) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
    case 410:
      return absl::StatusCode::kNotFound;
    case 408:
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      if (status >= 200 && status < 300) return absl::StatusCode::kOk;
      if (status >= 500 && status < 600) return absl::StatusCode::kUnavailable;
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

absl::Status StatusOfHttp(int status, std::string_view who) {
  const absl::StatusCode code = CodeOf(status);
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  return absl::Status(code, absl::StrCat(Absl(who), ": HTTP ", status));
}

}  // namespace frontrunner
