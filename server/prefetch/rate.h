#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "server/base/time.h"

namespace frontrunner {

/// How often something happened per second, over the last five.
class Rate {
 public:
  void Count(TimePoint now) {
    const int64_t second = SecondOf(now);
    if (!first_) first_ = now;
    Bucket& bucket = buckets_[Index(second)];
    if (bucket.second != second) bucket = {.second = second, .count = 0};
    ++bucket.count;
  }

  double PerSecond(TimePoint now) const {
    if (!first_) return 0;
    const int64_t second = SecondOf(now);
    uint64_t count = 0;
    for (const Bucket& bucket : buckets_) {
      if (bucket.second > second - kSeconds) count += bucket.count;
    }
    const double since = std::chrono::duration<double>(now - *first_).count();
    return static_cast<double>(count) / std::clamp(since, 1.0, 1.0 * kSeconds);
  }

 private:
  static constexpr int64_t kSeconds = 5;
  struct Bucket {
    int64_t second = -kSeconds;
    uint64_t count = 0;
  };

  static int64_t SecondOf(TimePoint time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch())
        .count();
  }
  static size_t Index(int64_t second) {
    return static_cast<size_t>(second % kSeconds);
  }

  std::array<Bucket, kSeconds> buckets_{};
  std::optional<TimePoint> first_;
};

}  // namespace frontrunner
