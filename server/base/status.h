#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/time.h"

namespace frontrunner {

/// Marks carried by a failure's status beside code and message; they never
/// leave the process as such.
///
/// How often the source was asked before it failed (set by the retry wrapper;
/// 1 where absent).
absl::Status WithAttempts(absl::Status status, int attempts);
int AttemptsOf(const absl::Status& status);

/// Refused by this server itself rather than by the source: the reason the
/// caller is told when no other entrant says more.
enum class Refusal { kOverloaded, kDraining };
absl::Status WithRefusal(absl::Status status, Refusal refusal);
std::optional<Refusal> RefusalOf(const absl::Status& status);

/// What the source said about asking it again: not before so long, or, below
/// zero, not at all.
absl::Status WithPushback(absl::Status status, Duration pushback);
std::optional<Duration> PushbackOf(const absl::Status& status);

/// "UNAVAILABLE" for kUnavailable, in gRPC's spelling.
std::string_view CodeName(absl::StatusCode code);

/// The code of a name as CodeName spells it.
std::optional<absl::StatusCode> CodeFromName(std::string_view name);

}  // namespace frontrunner
