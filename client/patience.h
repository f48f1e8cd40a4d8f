#pragma once

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "client/interrupt.h"
#include "server/base/time.h"

namespace frontrunner {

/// Goes on over a server's restart: says after a failed call whether and when
/// to try again. One thread.
class Patience {
 public:
  struct Settings {
    /// How long the server may be away in one piece.
    Duration away = std::chrono::seconds(60);
    /// The first delay, doubled from try to try up to `max`; the server's own
    /// is taken where it is longer.
    Duration initial = std::chrono::milliseconds(100);
    Duration max = std::chrono::seconds(5);
    /// No try after this.
    TimePoint deadline = kNever;
    /// Told the first failure of each time away.
    std::function<void(const absl::Status&)> lost;
  };

  /// `interrupt` must outlive it.
  Patience(Settings settings, const Interrupt& interrupt);

  /// Waits before the next try. OK: try again. Else what to give up with: the
  /// failure itself where the server said no or was away for too long,
  /// CANCELLED where interrupted, DEADLINE_EXCEEDED at the deadline.
  absl::Status AfterFailure(const absl::Status& failure);
  /// The server is there.
  void Succeeded() { away_since_.reset(); }

 private:
  const Settings settings_;
  const Interrupt& interrupt_;
  std::optional<TimePoint> away_since_;
  Duration delay_{0};
};

}  // namespace frontrunner
