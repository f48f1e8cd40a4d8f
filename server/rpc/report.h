#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "frontrunner/v1/race.pb.h"
#include "server/race/result.h"

namespace frontrunner {

/// The first `entrants` entrants of a race as the caller sees them, each
/// message cut to `max_message` bytes. `names` are the entrants' source names,
/// in order.
struct ReportBounds {
  size_t entrants = SIZE_MAX;
  size_t max_message = SIZE_MAX;
};
void FillReport(const RaceResult& race, bool coalesced,
                const std::vector<std::string>& names,
                const ReportBounds& bounds, v1::RaceReport& report);

/// The report of a lookup answered by the look into memory: `winner` won at
/// once, and nobody else was started.
void FillPeekReport(size_t winner, const std::vector<std::string>& names,
                    v1::RaceReport& report);

}  // namespace frontrunner
