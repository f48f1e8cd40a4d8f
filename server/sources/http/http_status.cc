#include "server/sources/http/http_status.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

bool IsAmong(const std::vector<int>& statuses, int status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

absl::StatusCode CodeOfFailure(int status) {
  switch (status) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 408:
    case 504:
      return absl::StatusCode::kDeadlineExceeded;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      if (status >= 500 && status < 600) return absl::StatusCode::kUnavailable;
      return absl::StatusCode::kUnknown;
  }
}

}  // namespace

bool IsSuccess(int status, const HttpStatuses& statuses) {
  if (IsAmong(statuses.misses, status)) return false;
  if (!statuses.successes.empty()) return IsAmong(statuses.successes, status);
  return status >= 200 && status < 300;
}

absl::Status StatusOfHttp(int status, const HttpStatuses& statuses,
                          std::string_view who) {
  if (IsSuccess(status, statuses)) return absl::OkStatus();
  const absl::StatusCode code = IsAmong(statuses.misses, status)
                                    ? absl::StatusCode::kNotFound
                                    : CodeOfFailure(status);
  return absl::Status(code, absl::StrCat(Absl(who), ": HTTP ", status));
}

}  // namespace frontrunner
