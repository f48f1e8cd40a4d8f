#include "client/listing.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/columns.h"
#include "client/text.h"

namespace frontrunner {
namespace {

std::string EntrantText(const v1::Entrant& entrant) {
  std::string text = Printable(entrant.source());
  if (entrant.start() != "at once" && !entrant.start().empty()) {
    absl::StrAppend(&text, " (", Printable(entrant.start()), ")");
  }
  return text;
}

std::string_view ConnectivityText(v1::Connectivity connectivity) {
  switch (connectivity) {
    case v1::OPENING:
      return "opening";
    case v1::CONNECTED:
      return "connected";
    case v1::DISCONNECTED:
      return "disconnected";
    default:
      return "unknown";
  }
}

}  // namespace

std::string ListTablesText(const v1::ListTablesResponse& response) {
  std::vector<Row> rows = {{"TABLE", "SERVING", "DEADLINE", "LOOKUPS", "PEEKED",
                            "RACES", "COALESCED", "ENTRANTS"}};
  for (const auto& table : response.tables()) {
    std::string entrants;
    for (const auto& entrant : table.entrants()) {
      absl::StrAppend(&entrants, entrants.empty() ? "" : ", ",
                      EntrantText(entrant));
    }
    const auto& counters = table.counters();
    rows.push_back(
        {Printable(table.name()), table.serving() ? "yes" : "no",
         ShortDuration(table.deadline()), absl::StrCat(counters.lookups()),
         absl::StrCat(counters.peek_hits()), absl::StrCat(counters.races()),
         absl::StrCat(counters.coalesced()), entrants});
  }
  return InColumns(rows);
}

std::string ListSourcesText(const v1::ListSourcesResponse& response) {
  std::vector<Row> rows = {{"SOURCE", "KIND", "STATE", "STARTED", "SUCCEEDED",
                            "MISSED", "FAILED", "CANCELLED", "UNDERWAY",
                            "MEAN"}};
  for (const auto& source : response.sources()) {
    const auto& counters = source.counters();
    rows.push_back(
        {Printable(source.name()), Printable(source.kind()),
         std::string(ConnectivityText(source.connectivity())),
         absl::StrCat(counters.started()), absl::StrCat(counters.succeeded()),
         absl::StrCat(counters.missed()), absl::StrCat(counters.failed()),
         absl::StrCat(counters.cancelled()), absl::StrCat(counters.underway()),
         counters.has_mean_latency() ? ShortDuration(counters.mean_latency())
                                     : "-"});
  }
  return InColumns(rows);
}

}  // namespace frontrunner
