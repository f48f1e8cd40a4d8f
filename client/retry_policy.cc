#include "client/retry_policy.h"

#include <algorithm>

#include "client/failure.h"

namespace frontrunner {
namespace {

// A server that wants to be left alone for longer is not waited for.
constexpr Duration kLongestWait = std::chrono::hours(1);

}  // namespace

std::optional<Duration> RetryPolicy::DelayAfter(const absl::Status& failure,
                                                int tried, Duration left,
                                                double random) const {
  if (tried >= attempts) return std::nullopt;
  const auto allowed = FailureOf(failure).retry_after;
  if (!allowed || *allowed > kLongestWait) return std::nullopt;
  Duration backoff = std::min(initial, max);
  for (int i = 1; i < tried && backoff < max; ++i) {
    backoff = std::min(backoff * 2, max);
  }
  const Duration delay = std::max(*allowed, backoff);
  const auto jittered = std::chrono::duration_cast<Duration>(
      delay * (1 + std::clamp(random, 0.0, 1.0) / 2));
  return jittered < left ? std::optional(jittered) : std::nullopt;
}

}  // namespace frontrunner
