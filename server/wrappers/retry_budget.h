#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "server/base/time.h"
#include "server/race/attempt_budget.h"

namespace frontrunner {

/// Extra attempts as a part of the lookups offered over the last ten seconds,
/// so that a source which fails is asked little more often than one that works
/// (about 1.2 times, with the default). Seconds are counted whole, so the
/// window is between nine and ten of them long. Thread-safe; a mutex held for a
/// few steps.
class RetryBudget final : public AttemptBudget {
 public:
  struct Settings {
    /// Extra attempts per lookup. 0 or more.
    double ratio = 0.2;
    /// So many are granted in a window however few lookups there are.
    uint64_t at_least = 10;
  };

  explicit RetryBudget(Settings settings) : settings_(settings) {}

  void Offer(TimePoint now) override;
  /// Grants it while no more than max(at_least, ratio * offered) have been
  /// granted within the window.
  [[nodiscard]] bool TryTake(TimePoint now) override;

  /// Since the server started.
  uint64_t offered() const { return Get(offered_); }
  uint64_t granted() const { return Get(granted_); }
  uint64_t refused() const { return Get(refused_); }

 private:
  static constexpr size_t kSeconds = 10;

  struct Counts {
    uint64_t offered = 0;
    uint64_t granted = 0;
  };

  static uint64_t Get(const std::atomic<uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  }
  Counts& SecondOf(TimePoint now);

  const Settings settings_;
  std::mutex mutex_;  // guards the three below
  /// By second, modulo kSeconds; those up to second_ are within the window.
  std::array<Counts, kSeconds> seconds_;
  Counts window_;
  int64_t second_ = 0;
  std::atomic<uint64_t> offered_{0};
  std::atomic<uint64_t> granted_{0};
  std::atomic<uint64_t> refused_{0};
};

}  // namespace frontrunner
