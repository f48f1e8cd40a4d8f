#include "server/wrappers/retry_budget.h"

#include <algorithm>

namespace frontrunner {

RetryBudget::Counts& RetryBudget::SecondOf(TimePoint now) {
  const int64_t second =
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  // Another loop may have looked at the clock a little later than this one.
  if (second > second_) {
    const int64_t passed =
        std::min<int64_t>(second - second_, static_cast<int64_t>(kSeconds));
    for (int64_t i = 0; i < passed; ++i) {
      Counts& oldest = seconds_[static_cast<size_t>(second - i) % kSeconds];
      window_.offered -= oldest.offered;
      window_.granted -= oldest.granted;
      oldest = Counts();
    }
    second_ = second;
  }
  return seconds_[static_cast<size_t>(second_) % kSeconds];
}

void RetryBudget::Offer(TimePoint now) {
  offered_.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  ++SecondOf(now).offered;
  ++window_.offered;
}

bool RetryBudget::TryTake(TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    Counts& second = SecondOf(now);
    const double most =
        std::max(static_cast<double>(settings_.at_least),
                 settings_.ratio * static_cast<double>(window_.offered));
    if (static_cast<double>(window_.granted + 1) <= most) {
      ++second.granted;
      ++window_.granted;
      granted_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  refused_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace frontrunner
