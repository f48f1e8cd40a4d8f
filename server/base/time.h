#pragma once

#include <chrono>

namespace frontrunner {

/// All durations of the core: signed nanoseconds.
using Duration = std::chrono::nanoseconds;

/// A point on the monotonic clock; never jumps. What every timeout, deadline
/// and report is made of.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// A point on the wall clock, which may jump. Only for what outlives the
/// process: when a cached value was produced and when it expires.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// "No deadline".
inline constexpr TimePoint kNever = TimePoint::max();

/// Where the time comes from. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

}  // namespace frontrunner
