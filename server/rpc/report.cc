#include "server/rpc/report.h"

#include <algorithm>

#include "server/base/strings.h"
#include "server/rpc/durations.h"
#include "server/rpc/text.h"

namespace frontrunner {

// Verdict's numbers are the proto's.
static_assert(static_cast<int>(Verdict::kNotStarted) == v1::NOT_STARTED);
static_assert(static_cast<int>(Verdict::kWon) == v1::WON);
static_assert(static_cast<int>(Verdict::kCancelled) == v1::CANCELLED);
static_assert(static_cast<int>(Verdict::kMissed) == v1::MISSED);
static_assert(static_cast<int>(Verdict::kFailed) == v1::FAILED);

void FillReport(const RaceResult& race, bool coalesced,
                const std::vector<std::string>& names,
                const ReportBounds& bounds, v1::RaceReport& report) {
  const size_t count =
      std::min({race.entrants.size(), names.size(), bounds.entrants});
  for (size_t i = 0; i < count; ++i) {
    const EntrantResult& entrant = race.entrants[i];
    v1::EntrantReport& out = *report.add_entrants();
    out.set_source(names[i]);
    out.set_verdict(static_cast<v1::Verdict>(entrant.verdict));
    if (entrant.started_after) {
      SetDuration(*entrant.started_after, *out.mutable_started_after());
    }
    if (entrant.finished_after) {
      SetDuration(*entrant.finished_after, *out.mutable_finished_after());
    }
    out.set_code(static_cast<int>(entrant.status.code()));
    if (!entrant.status.message().empty()) {
      out.set_message(
          CleanAndShorten(Std(entrant.status.message()), bounds.max_message));
    }
    out.set_attempts(entrant.attempts);
  }
  SetDuration(race.elapsed, *report.mutable_elapsed());
  report.set_coalesced(coalesced);
}

void FillPeekReport(size_t winner, const std::vector<std::string>& names,
                    v1::RaceReport& report) {
  for (size_t i = 0; i < names.size(); ++i) {
    v1::EntrantReport& out = *report.add_entrants();
    out.set_source(names[i]);
    if (i != winner) {
      out.set_verdict(v1::NOT_STARTED);
      continue;
    }
    out.set_verdict(v1::WON);
    out.mutable_started_after();
    out.mutable_finished_after();
    out.set_attempts(1);
  }
  report.mutable_elapsed();
}

}  // namespace frontrunner
