#pragma once

#include <optional>

#include "absl/status/status.h"
#include "server/base/time.h"

namespace frontrunner {

/// When a failed call is tried again: only where the server allowed it with a
/// RetryInfo, never sooner than it said, and only where the deadline leaves
/// time for it. A server that could not be reached allows nothing.
struct RetryPolicy {
  /// All tries together; 1 means never again.
  int attempts = 3;
  /// The first delay, doubled from try to try up to `max`; the server's own is
  /// taken where it is longer.
  Duration initial = std::chrono::milliseconds(50);
  Duration max = std::chrono::seconds(2);

  /// How long to wait after the `tried`-th try (from 1) failed; nullopt: don't
  /// try again. `left` is the time until the call's deadline. `random`, 0 to 1,
  /// lengthens the delay by up to half, so that callers which failed together
  /// don't come back together.
  std::optional<Duration> DelayAfter(const absl::Status& failure, int tried,
                                     Duration left, double random) const;
};

}  // namespace frontrunner
