#include "client/listing.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/durations.h"
#include "client/text.h"

namespace frontrunner {
namespace {

using Row = std::vector<std::string>;

// Cells in columns two blanks apart, with nothing after the last cell.
std::string InColumns(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Columns(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) {
        line.append(widths[i] + 2 - Columns(row[i]), ' ');
      }
    }
    text += line + "\n";
  }
  return text;
}

std::string ShortDuration(const google::protobuf::Duration& duration) {
  const double milliseconds = Milliseconds(duration);
  return milliseconds < 1000 ? absl::StrFormat("%.4gms", milliseconds)
                             : absl::StrFormat("%.6gs", milliseconds / 1000);
}

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
