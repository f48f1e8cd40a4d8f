#include "client/admin_options.h"

#include "client/option_parts.h"

namespace frontrunner {
namespace {

constexpr char kDrainFooter[] =
    R"(As SIGTERM: the server tells balancers to move on, refuses new lookups,
answers those it has, and exits. With --wait exit code 0 means that it is gone,
3 that it was still there after --deadline (5m where not given).

--json prints a DrainResponse in protobuf's JSON mapping; with --wait then a
ListOutstandingResponse, without its lookups, whenever the number has changed,
and {"gone":true} at the end.)";

}  // namespace

CLI::App* AddTables(CLI::App& app, std::optional<Duration>& watch) {
  auto* tables = app.add_subcommand("tables", "List the server's tables");
  AddWatch(*tables, watch);
  tables->footer(kWatchFooter);
  return tables;
}

CLI::App* AddSources(CLI::App& app, std::optional<Duration>& watch) {
  auto* sources = app.add_subcommand("sources", "List the server's sources");
  AddWatch(*sources, watch);
  sources->footer(kWatchFooter);
  return sources;
}

CLI::App* AddOutstanding(CLI::App& app, AdminOptions& options,
                         std::optional<Duration>& watch) {
  auto* outstanding = app.add_subcommand(
      "outstanding", "List the lookups that have not been answered yet");
  AddNumber(*outstanding, "--max", {"number of lookups", 1, 10'000},
            options.max_lookups,
            "List so many at most, the oldest first; 100 where not given");
  AddWatch(*outstanding, watch);
  outstanding->footer(kWatchFooter);
  return outstanding;
}

CLI::App* AddDrain(CLI::App& app, AdminOptions& options) {
  auto* drain = app.add_subcommand(
      "drain", "Let the server finish what it has, and exit");
  drain->add_flag("--wait", options.wait,
                  "Tell how many lookups are left until the server is gone");
  drain->footer(kDrainFooter);
  return drain;
}

}  // namespace frontrunner
