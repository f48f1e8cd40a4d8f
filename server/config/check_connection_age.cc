#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/config/checks.h"
#include "server/config/proto_time.h"
#include "server/config/units.h"

namespace frontrunner::config {
namespace {

/// A table, and how long a call of it may last: with wait_for_value a caller
/// begins to wait when its race is over, which may be at its deadline.
struct Longest {
  std::string table;
  Duration deadline = Duration::zero();
  Duration max_wait = Duration::zero();

  Duration total() const { return deadline + max_wait; }
};

/// Of all tables; of those that are alike the first by name, so that the
/// message is the same every time.
Longest LongestCall(const v1::Config& config) {
  Longest longest;
  for (const auto& [name, table] : config.tables()) {
    // What could not be read is not there, and has been complained about.
    if (!table.has_deadline() || !table.has_max_wait()) continue;
    Longest call{.table = name,
                 .deadline = ToDuration(table.deadline()),
                 .max_wait = ToDuration(table.max_wait())};
    if (call.total() > longest.total() ||
        (call.total() == longest.total() && name < longest.table)) {
      longest = std::move(call);
    }
  }
  return longest;
}

}  // namespace

void CheckConnectionAge(const v1::Config& config, Findings& findings) {
  const v1::Server& server = config.server();
  if (!server.has_max_connection_age() ||
      !server.has_max_connection_age_grace()) {
    return;
  }
  const Duration grace = ToDuration(server.max_connection_age_grace());
  const Longest longest = LongestCall(config);
  if (grace >= longest.total()) return;
  const Path table = Join("tables", longest.table);
  const std::string least = DurationText(longest.total());
  findings.Add(findings.PlaceOf("server/max_connection_age_grace"),
               absl::StrCat("server.max_connection_age_grace is ",
                            DurationText(grace), "; allowed: at least ", least,
                            ", since a call may last for ",
                            Show(Join(table, "deadline")), ", which is ",
                            DurationText(longest.deadline), ", and then for ",
                            Show(Join(table, "max_wait")), ", which is ",
                            DurationText(longest.max_wait),
                            "; write max_connection_age_grace: ", least));
}

}  // namespace frontrunner::config
