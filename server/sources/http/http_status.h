#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace frontrunner {

/// What an answer with HTTP status `status` means: OK for 2xx, kNotFound (a
/// miss) for 404 and 410, the failure for all others. `who` begins its message.
absl::Status StatusOfHttp(int status, std::string_view who);

}  // namespace frontrunner
