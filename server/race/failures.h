#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "server/race/race.h"
#include "server/race/result.h"

namespace frontrunner {

/// Whether a cache policy lets an entrant take part.
inline bool TakesPart(const Entrant& entrant, CachePolicy policy) {
  return policy == CachePolicy::kDefault ||
         (policy == CachePolicy::kOnly) == entrant.is_cache;
}

/// The one code for a race whose entrants are all out.
///
/// NOT_FOUND when everybody who could know said so: every entrant that is not a
/// cache, or every entrant where only caches took part. Otherwise the most
/// telling failure of those: UNAVAILABLE, RESOURCE_EXHAUSTED,
/// DEADLINE_EXCEEDED, INTERNAL, then the first in order that is not NOT_FOUND.
/// So a dead cache never turns a true "no such key" into an error.
absl::StatusCode JudgeAllOut(const std::vector<Entrant>& entrants,
                             const std::vector<EntrantResult>& results,
                             CachePolicy policy);

/// The failure of a whole race: the judged code, and a sentence that names each
/// source with its code.
absl::Status CombineFailures(const std::vector<Entrant>& entrants,
                             const std::vector<EntrantResult>& results,
                             CachePolicy policy);

/// The failure of a race that entrant `decisive` ended by a final code.
absl::Status FinalFailure(const Entrant& entrant, const EntrantResult& result);

}  // namespace frontrunner
