#pragma once

#include <memory>

#include "server/loop/loop.h"
#include "server/race/source.h"

namespace frontrunner {

/// Gives every attempt at most `timeout` (greater than zero): then the attempt
/// is cancelled and fails with kDeadlineExceeded. Time spent before Start (in a
/// queue, waiting for a connection) does not count, so this wraps the source
/// closely. `loop` outlives the source.
std::shared_ptr<Source> WithTimeout(Loop& loop, Duration timeout,
                                    std::shared_ptr<Source> inner);

}  // namespace frontrunner
