#include "client/admin_commands.h"

#include <algorithm>

#include "client/admin_json.h"
#include "client/admin_session.h"
#include "client/drain_command.h"
#include "client/json.h"
#include "client/listing.h"
#include "client/prefetch_command.h"
#include "client/queue_commands.h"
#include "client/queue_listing.h"
#include "client/watching.h"

namespace frontrunner {
namespace {

absl::StatusOr<std::string> Tables(AdminSession& session) {
  const auto tables = session.client.ListTables();
  if (!tables.ok()) return tables.status();
  return session.options.json ? ToJson(*tables) + "\n"
                              : ListTablesText(*tables);
}

absl::StatusOr<std::string> Sources(AdminSession& session) {
  const auto sources = session.client.ListSources();
  if (!sources.ok()) return sources.status();
  return session.options.json ? ToJson(*sources) + "\n"
                              : ListSourcesText(*sources);
}

absl::StatusOr<std::string> Outstanding(AdminSession& session) {
  v1::ListOutstandingRequest request;
  request.set_max_lookups(
      static_cast<int>(session.options.admin.max_lookups.value_or(0)));
  const auto outstanding = session.client.ListOutstanding(request);
  if (!outstanding.ok()) return outstanding.status();
  return session.options.json ? OutstandingToJson(*outstanding) + "\n"
                              : OutstandingText(*outstanding);
}

}  // namespace

ExitCode RunAdmin(const Options& options, const Output& output) {
  AdminSession session(options, output);
  switch (options.command) {
    case Options::Command::kTables:
      return Show(session, [&] { return Tables(session); });
    case Options::Command::kSources:
      return Show(session, [&] { return Sources(session); });
    case Options::Command::kOutstanding:
      return Show(session, [&] { return Outstanding(session); });
    case Options::Command::kQueue:
      return RunQueue(session);
    case Options::Command::kPrefetch:
      return RunPrefetch(session);
    case Options::Command::kDrain:
      return RunDrain(session);
    default:
      return kUsage;
  }
}

}  // namespace frontrunner
