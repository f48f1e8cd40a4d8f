#include "server/tables/reason.h"

namespace frontrunner {

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kAllSourcesFailed:
      return "ALL_SOURCES_FAILED";
    case Reason::kFinalFailure:
      return "FINAL_FAILURE";
    case Reason::kDeadline:
      return "DEADLINE";
    case Reason::kNoEntrant:
      return "NO_ENTRANT";
    case Reason::kTooManyHops:
      return "TOO_MANY_HOPS";
    case Reason::kCachesFailed:
      return "CACHES_FAILED";
    case Reason::kUnknownTable:
      return "UNKNOWN_TABLE";
    case Reason::kInvalidKey:
      return "INVALID_KEY";
    case Reason::kInvalidRequest:
      return "INVALID_REQUEST";
    case Reason::kOverloaded:
      return "OVERLOADED";
    case Reason::kDraining:
      return "DRAINING";
    case Reason::kWritesRefused:
      return "WRITES_REFUSED";
  }
  return "UNKNOWN";
}

}  // namespace frontrunner
