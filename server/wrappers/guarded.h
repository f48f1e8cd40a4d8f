#pragma once

#include <memory>

#include "server/loop/loop.h"
#include "server/race/source.h"

namespace frontrunner {

/// The adapter between a source and everything around it: whatever `inner` does
/// (throws, makes no attempt, answers inside Start, answers twice, or answers
/// when its attempt is gone), there is one outcome, in a later turn if it came
/// too early, and none after the attempt. Goes closest to the source, so that
/// the other wrappers may rely on the contract. `loop` outlives the source.
std::shared_ptr<Source> WithGuard(Loop& loop, std::shared_ptr<Source> inner);

}  // namespace frontrunner
