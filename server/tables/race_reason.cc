#include "server/tables/race_reason.h"

#include <optional>

#include "absl/status/status.h"
#include "server/base/status.h"

namespace frontrunner {
namespace {

/// What those who failed with anything but NOT_FOUND say, among the caches or
/// among all others.
struct Verdicts {
  bool refused_by_source = false;
  bool overloaded = false;
  bool draining = false;

  bool any() const { return refused_by_source || overloaded || draining; }
};

Verdicts Collect(const std::vector<Entrant>& entrants, const RaceResult& race,
                 bool caches) {
  Verdicts verdicts;
  for (size_t i = 0; i < entrants.size(); ++i) {
    const EntrantResult& result = race.entrants[i];
    if (entrants[i].is_cache != caches || result.verdict != Verdict::kFailed) {
      continue;
    }
    const std::optional<Refusal> refusal = RefusalOf(result.status);
    if (!refusal) {
      verdicts.refused_by_source = true;
    } else if (*refusal == Refusal::kOverloaded) {
      verdicts.overloaded = true;
    } else {
      verdicts.draining = true;
    }
  }
  return verdicts;
}

Reason WhenAllOut(const std::vector<Entrant>& entrants,
                  const RaceResult& race) {
  if (EndedInNotFound(race)) return Reason::kAllSourcesFailed;
  Verdicts verdicts = Collect(entrants, race, /*caches=*/false);
  if (!verdicts.any()) verdicts = Collect(entrants, race, /*caches=*/true);
  if (verdicts.refused_by_source) return Reason::kAllSourcesFailed;
  // Draining goes first as its code does, UNAVAILABLE.
  if (verdicts.draining) return Reason::kDraining;
  if (verdicts.overloaded) return Reason::kOverloaded;
  return Reason::kAllSourcesFailed;
}

}  // namespace

Reason ReasonOf(const std::vector<Entrant>& entrants, const RaceResult& race) {
  switch (race.end) {
    case RaceEnd::kFinalFailure:
      return Reason::kFinalFailure;
    case RaceEnd::kNobody:
      return Reason::kNoEntrant;
    case RaceEnd::kAbandoned:
      return Reason::kDeadline;
    case RaceEnd::kAllOut:
    case RaceEnd::kWinner:
      break;
  }
  return WhenAllOut(entrants, race);
}

bool EndedInNotFound(const RaceResult& race) {
  return (race.end == RaceEnd::kAllOut || race.end == RaceEnd::kFinalFailure) &&
         absl::IsNotFound(race.outcome.status());
}

}  // namespace frontrunner
