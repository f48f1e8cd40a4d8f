#pragma once

#include <algorithm>
#include <cmath>

#include "server/base/time.h"

namespace frontrunner {

/// Lets through so many per second, and `burst` at once after a quiet time. In
/// whole nanoseconds, rounded so that it is never faster than it says. Not
/// thread-safe.
class TokenBucket {
 public:
  /// `per_second` 0: everything is let through. `burst` is at least 1.
  TokenBucket(double per_second, int burst)
      : interval_(per_second > 0 ? std::llround(std::ceil(1e9 / per_second))
                                 : 0),
        ahead_(interval_ * (std::max(burst, 1) - 1)) {}

  bool TryTake(TimePoint now) {
    if (interval_ == Duration(0)) return true;
    if (now < next()) return false;
    due_ = std::max(due_, now) + interval_;
    return true;
  }

  /// When TryTake will succeed; perhaps it does already.
  TimePoint next() const { return due_ - ahead_; }

 private:
  const Duration interval_;
  /// How far a burst may run ahead of the steady rate.
  const Duration ahead_;
  /// When the next one would be due at the steady rate.
  TimePoint due_{};
};

}  // namespace frontrunner
