#pragma once

#include <memory>
#include <vector>

#include "server/base/time.h"
#include "server/prefetch/prefetches.h"
#include "server/rpc/in_flight.h"
#include "server/tables/table.h"
#include "server/wrappers/dispatch_queue.h"

namespace frontrunner {

/// Who holds lookups that a drain has to see through. All outlive the drain.
struct DrainParts {
  InFlight& in_flight;
  /// Null: there are none.
  Prefetches* prefetches = nullptr;
  std::vector<std::shared_ptr<DispatchQueue>> queues;
  const std::vector<std::unique_ptr<TableShard>>& shards;
};

/// The second half of rule 14: refuses new lookups from now on, sends back what
/// waits in queues and for values, returns prefetches to their journal, and
/// waits until nothing is under way, or until `deadline`. True: nothing is.
///
/// For one thread, which it blocks; once. The loops run meanwhile.
bool DrainLookups(const DrainParts& parts, TimePoint deadline);

}  // namespace frontrunner
