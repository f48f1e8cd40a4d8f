#pragma once

#include <cstddef>
#include <memory>

#include "server/loop/loop.h"
#include "server/race/source.h"

namespace frontrunner {

/// Holds queries that come while the source's first connection attempt is under
/// way, and asks them in their order once it has ended, well or badly: nobody
/// has to handle "not ready". At most `max_held` wait; more fail with
/// kResourceExhausted. Afterwards there is no overhead. Goes outside
/// WithTimeout, since holding counts as queueing. `loop` outlives the source.
std::shared_ptr<Source> WithReady(Loop& loop, size_t max_held,
                                  std::shared_ptr<Source> inner);

}  // namespace frontrunner
