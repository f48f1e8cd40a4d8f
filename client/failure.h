#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "frontrunner/v1/race.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// A failed call with everything that the server said about it.
struct Failure {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  /// A sentence for people.
  std::string message;
  /// For programs: "ALL_SOURCES_FAILED", "UNKNOWN_TABLE", …; empty where the
  /// failure is not Frontrunner's (nobody was reached, the caller cancelled).
  std::string reason;
  /// What came with the reason.
  std::map<std::string, std::string> metadata;
  /// Present where a race began: every entrant, in the table's order.
  std::optional<v1::RaceReport> report;
  /// Present where trying again is safe and sensible: not before this has
  /// passed.
  std::optional<Duration> retry_after;
};

/// Reads the details that the client's failed statuses carry as payloads.
/// Details it does not know are left out.
Failure FailureOf(const absl::Status& status);

/// A status with the same code, message and details (the latter as payloads by
/// their type URL), and back again.
absl::Status StatusFromRpc(const google::rpc::Status& status);
google::rpc::Status RpcFromStatus(const absl::Status& status);

}  // namespace frontrunner
