#pragma once

#include <cstdint>
#include <random>

#include "server/base/time.h"

namespace frontrunner {

/// Delays between connection attempts that fail: each is drawn between half and
/// all of a span that doubles from `first` up to `max`, so that those who lost
/// the same server do not all come back at the same moment.
class Backoff {
 public:
  struct Settings {
    Duration first = std::chrono::milliseconds(20);
    Duration max = std::chrono::seconds(2);
  };

  Backoff(Settings settings, uint64_t seed)
      : settings_(settings), random_(seed), span_(settings.first) {}

  /// How long to wait now.
  Duration Next() {
    std::uniform_real_distribution<double> part(0.5, 1.0);
    const Duration delay(static_cast<int64_t>(
        static_cast<double>(span_.count()) * part(random_)));
    span_ = span_ > settings_.max / 2 ? settings_.max : span_ * 2;
    return delay;
  }

  /// To be called on success.
  void Reset() { span_ = settings_.first; }

 private:
  const Settings settings_;
  std::mt19937_64 random_;
  Duration span_;
};

}  // namespace frontrunner
