#pragma once

#include <memory>

#include "server/loop/loop.h"
#include "server/race/source.h"

namespace frontrunner {

/// Source::Start for a source that need not keep its word: one that throws,
/// makes no attempt, answers inside Start or answers twice gives one outcome
/// all the same, in a later turn if it came too early. What a race does for its
/// entrants, for everybody else who asks sources.
///
/// `loop` and `source` outlive the attempt.
[[nodiscard]] std::unique_ptr<Attempt> StartGuarded(Loop& loop, Source& source,
                                                    const Query& query,
                                                    Done done);

}  // namespace frontrunner
