#pragma once

#include <atomic>

#include "server/admin/page.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/tables_directory.h"

namespace frontrunner {

/// Whether new lookups should be sent here, for probes: what gRPC health says
/// (rules 13 and 14), with a reason. Thread-safe.
class Readiness {
 public:
  /// All outlive this.
  Readiness(const ServingStatus& status, const TablesDirectory& tables,
            const InFlight& in_flight)
      : status_(status), tables_(tables), in_flight_(in_flight) {}

  /// Lookups are served from now on; until then it is starting.
  void Started() { started_.store(true, std::memory_order_relaxed); }

  /// The server as a whole, or, with `table=NAME`, as far as that table goes.
  /// 200 or 503, with a line of text; 404 for a table that is not there.
  PageReply Page(const PageRequest& request) const;
  /// As a whole.
  bool ready() const;

 private:
  PageReply OfServer() const;
  PageReply OfTable(const std::string& name) const;

  const ServingStatus& status_;
  const TablesDirectory& tables_;
  const InFlight& in_flight_;
  std::atomic<bool> started_{false};
};

}  // namespace frontrunner
