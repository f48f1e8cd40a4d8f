#pragma once

#include <string_view>

namespace frontrunner {

/// Why a call failed, for programs: google.rpc.ErrorInfo.reason.
enum class Reason {
  kAllSourcesFailed,
  kFinalFailure,
  kDeadline,
  kNoEntrant,
  kTooManyHops,
  kCachesFailed,
  kUnknownTable,
  kInvalidKey,
  kInvalidRequest,
  kOverloaded,
  kDraining,
  /// Writing is not open to this caller (rule 12).
  kWritesRefused,
};

/// "ALL_SOURCES_FAILED" for kAllSourcesFailed.
std::string_view ReasonName(Reason reason);

}  // namespace frontrunner
