#include "client/patience.h"

#include <algorithm>
#include <utility>

#include "client/failure.h"

namespace frontrunner {
namespace {

// Whether the same call may do better later. An interruption of ours is looked
// at before; other calls are CANCELLED by a server that ends.
bool Passing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || FailureOf(status).retry_after.has_value();
}

}  // namespace

Patience::Patience(Settings settings, const Interrupt& interrupt)
    : settings_(std::move(settings)), interrupt_(interrupt) {}

absl::Status Patience::AfterFailure(const absl::Status& failure) {
  absl::Status interrupted = absl::CancelledError("interrupted");
  if (interrupt_.happened()) return interrupted;
  if (!Passing(failure)) return failure;
  const TimePoint now = std::chrono::steady_clock::now();
  if (!away_since_) {
    away_since_ = now;
    delay_ = settings_.initial;
    if (settings_.lost) settings_.lost(failure);
  }
  const Duration left = settings_.away - (now - *away_since_);
  if (left <= Duration::zero()) return failure;
  if (now >= settings_.deadline) {
    return absl::DeadlineExceededError("the time that --deadline gave is over");
  }
  Duration delay = delay_;
  if (const auto asked = FailureOf(failure).retry_after) {
    delay = std::max(delay, *asked);
  }
  delay = std::min({delay, left, settings_.deadline - now});
  delay_ = std::min(delay_ * 2, settings_.max);
  return interrupt_.SleepFor(delay) ? absl::OkStatus() : interrupted;
}

}  // namespace frontrunner
