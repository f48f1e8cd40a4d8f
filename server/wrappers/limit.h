#pragma once

#include <memory>

#include "server/loop/loop.h"
#include "server/race/source.h"
#include "server/wrappers/dispatch_queue.h"

namespace frontrunner {

/// Lets a query through to `inner` when its turn in `queue` has come; inside
/// Start where that is at once. Until then destroying the attempt leaves the
/// queue, Reprioritise moves it, and at the query's deadline it fails with
/// kDeadlineExceeded.
///
/// The wrappers of one source on all loops share a queue. Goes outside
/// WithTimeout, since waiting for one's turn does not count, and inside
/// retries, each of which is a job of its own. `loop` outlives the source.
std::shared_ptr<Source> WithLimit(Loop& loop,
                                  std::shared_ptr<DispatchQueue> queue,
                                  std::shared_ptr<Source> inner);

}  // namespace frontrunner
