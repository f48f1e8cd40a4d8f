#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/race/source.h"

namespace frontrunner {

/// How an entrant ended. The numbers are those of the public proto.
enum class Verdict {
  kNotStarted = 1,
  kWon = 2,
  kCancelled = 3,
  kMissed = 4,
  kFailed = 5,
};

/// What one entrant did in one race.
struct EntrantResult {
  Verdict verdict = Verdict::kNotStarted;
  /// Since the race began. Absent: never started.
  std::optional<Duration> started_after;
  /// Since the race began. Absent: never ended.
  std::optional<Duration> finished_after;
  /// OK for a winner and for who never started; the failure, kNotFound for a
  /// miss, and kCancelled or kDeadlineExceeded for who was cancelled; marked
  /// kOverloaded (WithRefusal) where its turn had not come by then.
  absl::Status status;
  /// How often the source was asked.
  int attempts = 0;
};

/// What ended a race.
enum class RaceEnd {
  kWinner,
  /// Every entrant that took part is out.
  kAllOut,
  /// A code in an entrant's final_codes.
  kFinalFailure,
  /// The cache policy left nobody to ask.
  kNobody,
  /// Whoever waited gave up first: a deadline.
  kAbandoned,
};

/// Everything there is to say about a race that is over.
struct RaceResult {
  RaceEnd end = RaceEnd::kNobody;
  /// The winner's value, or one failure for all: its code follows the rule of
  /// failures.h, its message names every source with its code.
  Outcome outcome = absl::UnknownError("not run");
  /// Index of the entrant that won, or whose failure was final; -1 otherwise.
  int decisive = -1;
  /// One per entrant, in the order of the configuration.
  std::vector<EntrantResult> entrants;
  Duration elapsed{0};
};

}  // namespace frontrunner
