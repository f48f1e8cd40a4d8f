#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "server/rpc/admin_handlers.h"
#include "server/rpc/admin_view.h"
#include "server/rpc/batch_handler.h"
#include "server/rpc/drain_handler.h"
#include "server/rpc/errors.h"
#include "server/rpc/handler_parts.h"
#include "server/rpc/health_handler.h"
#include "server/rpc/lookup_handler.h"
#include "server/rpc/outstanding_handler.h"
#include "server/rpc/prefetch_control.h"
#include "server/rpc/prefetch_handlers.h"
#include "server/rpc/queue_handlers.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/transport.h"
#include "server/rpc/write_handlers.h"

namespace frontrunner {

/// Every handler of the server but reflection's, and where it is served. It
/// outlives the transports that it was given to, and their calls.
class Routes {
 public:
  /// Everything pointed at outlives this.
  struct Parts {
    HandlerParts handlers;
    const ServingStatus* status = nullptr;
    const AdminView* admin = nullptr;
    const Clock* clock = nullptr;
    std::vector<std::shared_ptr<DispatchQueue>> queues;
    /// Null: there is no state_dir.
    PrefetchControl* prefetch = nullptr;
    /// Begins to drain the server (see DrainHandler).
    std::function<void()> drain;
  };

  explicit Routes(const Parts& parts);

  /// LookupService and health.
  std::vector<Route> data_port();
  /// AdminService and health.
  std::vector<Route> admin_port();

  /// For Refresh; shared by both ports.
  HealthWatchHandler& health() { return health_watch_; }

  /// Ends the streams that have no end of their own, and refuses new ones, so
  /// that the transports can be shut down. Any thread; for good.
  void EndWatches();

 private:
  std::vector<Route> HealthRoutes();

  LookupHandler lookup_;
  BatchHandler batch_;
  PutHandler put_;
  ForgetHandler forget_;
  HealthCheckHandler health_check_;
  HealthWatchHandler health_watch_;
  ListTablesHandler list_tables_;
  ListSourcesHandler list_sources_;
  ListOutstandingHandler list_outstanding_;
  QueueHandlers queues_;
  PrefetchHandlers prefetch_;
  DrainHandler drain_;
};

}  // namespace frontrunner
