#pragma once

#include <cstdint>
#include <vector>

#include "server/base/random.h"
#include "server/base/time.h"

namespace frontrunner {

/// Delays that grow: the first attempt is made at once, the second after
/// `initial`, each further delay is `multiplier` times the one before, up to
/// `max`.
struct RetrySchedule {
  Duration initial = std::chrono::milliseconds(10);
  /// 1 or more.
  double multiplier = 2;
  Duration max = std::chrono::seconds(1);
  /// The first included. 1 or more.
  int attempts = 3;
  /// Each delay is shortened by a random part of itself, up to this one (0 to
  /// 1), so that those who failed together do not come back together. Growth
  /// does not depend on what was drawn.
  double jitter = 0.5;
};

/// How long to wait before each attempt. Belongs to one loop.
class RetryDelays {
 public:
  /// As they are: N delays are N attempts, the first delay comes before the
  /// first attempt.
  explicit RetryDelays(std::vector<Duration> delays);
  RetryDelays(const RetrySchedule& schedule, uint64_t seed);

  int attempts() const { return static_cast<int>(delays_.size()); }
  /// Before attempt `attempt`, counted from 0 and below attempts().
  Duration Before(int attempt);

 private:
  const std::vector<Duration> delays_;
  const double jitter_;
  Random random_;
};

}  // namespace frontrunner
