#pragma once

#include <atomic>

#include "server/admin/page.h"
#include "server/notify/liveness.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/tables_directory.h"

namespace frontrunner {

/// Whether the process works, for probes that restart it: 200, or 503 where it
/// hangs. Depends on no cache and no backend, which a restart would not mend.
PageReply LivenessPage(const Liveness& liveness);

/// Whether new lookups should be sent here, for probes: what gRPC health says
/// (rules 13 and 14), with a reason. Not where it hangs. Thread-safe.
class Readiness {
 public:
  /// All outlive this.
  Readiness(const ServingStatus& status, const TablesDirectory& tables,
            const InFlight& in_flight, const Liveness& liveness)
      : status_(status),
        tables_(tables),
        in_flight_(in_flight),
        liveness_(liveness) {}

  /// Lookups are served from now on; until then it is starting.
  void Started() { started_.store(true, std::memory_order_relaxed); }

  /// The server as a whole, or, with `table=NAME`, as far as that table goes.
  /// 200 or 503, with a line of text; 404 for a table that is not there.
  PageReply Page(const PageRequest& request) const;
  /// As a whole.
  bool ready() const;
  /// The server goes away, from the beginning of the lame duck.
  bool draining() const { return status_.draining(); }

 private:
  PageReply OfServer() const;
  PageReply OfTable(const std::string& name) const;

  const ServingStatus& status_;
  const TablesDirectory& tables_;
  const InFlight& in_flight_;
  const Liveness& liveness_;
  std::atomic<bool> started_{false};
};

}  // namespace frontrunner
