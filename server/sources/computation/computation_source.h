#pragma once

#include <memory>
#include <string>

#include "server/loop/loop.h"
#include "server/race/source.h"
#include "server/sources/computation/pool.h"

namespace frontrunner {

/// One loop's door to a pool that all loops share. What it answers is of age
/// zero. Always connected. `loop` outlives it and its attempts; those may
/// outlive it.
std::shared_ptr<Source> MakeComputationSource(
    Loop& loop, std::shared_ptr<ComputationPool> pool, std::string name);

}  // namespace frontrunner
