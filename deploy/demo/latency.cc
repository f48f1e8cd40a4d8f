#include "deploy/demo/latency.h"

#include <algorithm>
#include <cmath>

namespace frontrunner::demo {

Latency::Latency(const Settings& settings)
    : settings_(settings), random_(settings.seed) {}

std::chrono::nanoseconds Latency::Next() {
  if (!settings_.enabled) return std::chrono::nanoseconds(0);
  std::uniform_real_distribution<double> uniform;
  const std::lock_guard lock(mutex_);
  // Always three draws a call, so that the ordinary latencies do not depend on
  // the share of slow ones.
  const double ordinary = std::exp(settings_.sigma * normal_(random_));
  const double chance = uniform(random_);
  const double slowness = 1 + uniform(random_);
  const double factor =
      chance < settings_.slow_ratio
          ? std::max(ordinary, 1.0) * settings_.slow_factor * slowness
          : ordinary;
  const double most = 100 * std::max(settings_.slow_factor, 1.0);
  return std::chrono::nanoseconds(static_cast<int64_t>(
      static_cast<double>(settings_.median.count()) * std::min(factor, most)));
}

}  // namespace frontrunner::demo
