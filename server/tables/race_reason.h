#pragma once

#include <vector>

#include "server/race/race.h"
#include "server/race/result.h"
#include "server/tables/reason.h"

namespace frontrunner {

/// Why a race without a winner failed, in the words of the table of reasons.
/// OVERLOADED and DRAINING where our own queue or drain refused an entrant and
/// no failure that counts says anything else.
Reason ReasonOf(const std::vector<Entrant>& entrants, const RaceResult& race);

/// Whether it ended with "no such key": what wait_for_value waits for.
bool EndedInNotFound(const RaceResult& race);

}  // namespace frontrunner
