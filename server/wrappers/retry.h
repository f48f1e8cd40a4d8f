#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/loop/loop.h"
#include "server/race/attempt_budget.h"
#include "server/race/race.h"
#include "server/race/source.h"
#include "server/wrappers/retry_delays.h"

namespace frontrunner {

struct RetrySettings {
  /// The delay before each attempt, the first one included: N delays are N
  /// attempts. Empty: `schedule` counts.
  std::vector<Duration> backoff;
  RetrySchedule schedule;
  /// Failures after which the source is asked again.
  CodeSet codes =
      CodeSet().set(static_cast<size_t>(absl::StatusCode::kUnavailable));
  /// After these only so often in one lookup (1 to 255), and then no more,
  /// whether or not they are among `codes`.
  std::map<absl::StatusCode, int> at_most;
};

/// Asks again after a failure that may be retried, as often as there are
/// delays, and never without a reason to hope:
///
/// - not when the wait and the fastest success of this source so far would go
///   beyond the query's deadline, or the time until which anybody waits: it
///   fails at once instead of waiting
/// - not when the failure says so (PushbackOf below zero); one that asks for a
///   longer wait than ours gets it
/// - not when `budget`, which is taken from for every attempt but the first,
///   refuses
/// - not when our own drain refused the attempt
///
/// Then the first failure is reported, with its marks and with the number of
/// attempts (AttemptsOf). A miss after other failures that is not to be retried
/// is no failure but the source's answer, and reported as it is. A success
/// carries Value::attempts.
///
/// Between two attempts the source holds nothing for it. Goes outside what
/// limits and times one attempt. `budget` may be null: no bound. `seed` is for
/// the schedule's jitter. `loop` outlives the source and its attempts; attempts
/// may outlive the source.
std::shared_ptr<Source> WithRetry(Loop& loop, RetrySettings settings,
                                  std::shared_ptr<AttemptBudget> budget,
                                  uint64_t seed, std::shared_ptr<Source> inner);

}  // namespace frontrunner
