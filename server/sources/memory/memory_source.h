#pragma once

#include <memory>
#include <string>

#include "server/loop/loop.h"
#include "server/race/source.h"
#include "server/sources/memory/memory_store.h"

namespace frontrunner {

/// The sources of one loop over a store that every loop may share. `find` is
/// peekable; all three do their work inside Start and answer in a later turn of
/// the loop, so an attempt destroyed before that has stored or erased all the
/// same. A value too large to be kept is a success of `store`, since no older
/// one is left; the store counts it. `loop` outlives the sources and their
/// attempts.
Cache MakeMemoryCache(Loop& loop, const std::shared_ptr<MemoryStore>& store,
                      std::string name);

}  // namespace frontrunner
