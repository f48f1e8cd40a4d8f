#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace frontrunner {

/// The failure that an error reply of Redis stands for, by its first word: the
/// server can't serve now (kUnavailable), is full (kResourceExhausted), does
/// not let us (kUnauthenticated, kPermissionDenied), or is not what we think it
/// is (kInternal).
absl::Status RedisErrorStatus(std::string_view server, std::string_view word);

}  // namespace frontrunner
