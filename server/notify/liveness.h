#pragma once

#include <atomic>

#include "server/base/time.h"

namespace frontrunner {

/// A loop or an edge that has not answered for so long hangs: what it does in
/// one turn takes microseconds.
inline constexpr Duration kThreadPatience = std::chrono::seconds(15);
/// What log, status and probes say then.
inline constexpr char kThreadSilent[] = "a thread does not answer";

/// Whether all threads have answered lately, for who asks from outside. It only
/// judges while it watches; before and after that all is well, since a server
/// that starts or goes away has limits of its own. Thread-safe.
class Liveness {
 public:
  /// Who has not answered for `patience` is not alive. `clock` outlives this.
  explicit Liveness(const Clock& clock, Duration patience = kThreadPatience)
      : clock_(clock), patience_(patience) {}

  /// Begins to judge, as if all had answered now.
  void Watch() { Answered(); }
  /// All have answered; to be called again and again while it watches. Whoever
  /// calls hangs? Then this says so, too.
  void Answered() { last_ = clock_.Now(); }
  /// Ends it.
  void Rest() { last_ = kNever; }

  bool alive() const {
    const TimePoint last = last_;
    return last == kNever || clock_.Now() - last < patience_;
  }

 private:
  const Clock& clock_;
  const Duration patience_;
  std::atomic<TimePoint> last_{kNever};
};

}  // namespace frontrunner
