#pragma once

#include "server/base/time.h"

namespace frontrunner {

/// What a source may be asked beyond once per lookup, by everybody together:
/// hedges, retries, refreshes. One per source, shared by all loops; every
/// member is for any thread and never blocks for long.
class AttemptBudget {
 public:
  virtual ~AttemptBudget() = default;

  /// A lookup began in which the source takes part, whether or not it will be
  /// asked.
  virtual void Offer(TimePoint now) = 0;

  /// Asks for one extra attempt. True: it is granted, and spent even if it is
  /// then not made.
  [[nodiscard]] virtual bool TryTake(TimePoint now) = 0;
};

}  // namespace frontrunner
