#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "server/sources/http/http_settings.h"

namespace frontrunner {

/// Whether an answer with HTTP status `status` has a value in its body.
bool IsSuccess(int status, const HttpStatuses& statuses);

/// What an answer with HTTP status `status` means: OK for a success, kNotFound
/// for a miss, the failure for all others. `who` begins its message.
absl::Status StatusOfHttp(int status, const HttpStatuses& statuses,
                          std::string_view who);

}  // namespace frontrunner
