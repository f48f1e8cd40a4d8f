#include "server/wrappers/retry_delays.h"

#include <algorithm>
#include <utility>

namespace frontrunner {
namespace {

std::vector<Duration> Grow(const RetrySchedule& schedule) {
  std::vector<Duration> delays{Duration(0)};
  const auto max = static_cast<double>(schedule.max.count());
  auto next = static_cast<double>(schedule.initial.count());
  for (int i = 1; i < schedule.attempts; ++i) {
    next = std::min(next, max);
    delays.emplace_back(static_cast<int64_t>(next));
    next *= schedule.multiplier;
  }
  return delays;
}

}  // namespace

RetryDelays::RetryDelays(std::vector<Duration> delays)
    : delays_(std::move(delays)), jitter_(0), random_(0) {}

RetryDelays::RetryDelays(const RetrySchedule& schedule, uint64_t seed)
    : delays_(Grow(schedule)), jitter_(schedule.jitter), random_(seed) {}

Duration RetryDelays::Before(int attempt) {
  const Duration delay = delays_[static_cast<size_t>(attempt)];
  if (jitter_ <= 0 || delay <= Duration(0)) return delay;
  return delay -
         Duration(static_cast<int64_t>(static_cast<double>(delay.count()) *
                                       jitter_ * random_.Unit()));
}

}  // namespace frontrunner
