#include "server/config/defaults.h"

#include <algorithm>

namespace frontrunner::config {
namespace {

constexpr int kCacheTimeoutNanos = 100'000'000;
constexpr int kBackendTimeoutSeconds = 1;

constexpr int kInitialNanos = 10'000'000;
constexpr double kMultiplier = 2;
constexpr int kMaxSeconds = 1;
constexpr uint32_t kAttempts = 3;
constexpr double kJitter = 0.5;

constexpr uint32_t kLowWater = 8000;

void FillTimeout(v1::Source& source) {
  if (source.has_timeout()) return;
  if (source.has_redis() || source.has_memcached()) {
    source.mutable_timeout()->set_nanos(kCacheTimeoutNanos);
  } else if (source.has_grpc() || source.has_http()) {
    source.mutable_timeout()->set_seconds(kBackendTimeoutSeconds);
  }
}

/// A list of delays needs none of the schedule. The ranges keep what was given
/// from being zero, but for those that can tell.
void FillSchedule(v1::Retry& retry) {
  if (retry.backoff_size() > 0) return;
  if (!retry.has_initial()) retry.mutable_initial()->set_nanos(kInitialNanos);
  if (retry.multiplier() == 0) retry.set_multiplier(kMultiplier);
  if (!retry.has_max()) retry.mutable_max()->set_seconds(kMaxSeconds);
  if (retry.attempts() == 0) retry.set_attempts(kAttempts);
  if (!retry.has_jitter()) retry.set_jitter(kJitter);
}

void FillWaterMarks(v1::Outstanding& outstanding) {
  if (outstanding.low() != 0) return;
  outstanding.set_low(std::min(kLowWater, outstanding.high()));
}

}  // namespace

void FillDefaults(v1::Config& config) {
  for (auto& [name, source] : *config.mutable_sources()) {
    FillTimeout(source);
    if (source.has_retry()) FillSchedule(*source.mutable_retry());
  }
  FillWaterMarks(*config.mutable_outstanding());
}

}  // namespace frontrunner::config
