#pragma once

#include <vector>

#include "server/rpc/admin_handlers.h"
#include "server/rpc/admin_view.h"
#include "server/rpc/batch_handler.h"
#include "server/rpc/errors.h"
#include "server/rpc/handler_parts.h"
#include "server/rpc/health_handler.h"
#include "server/rpc/lookup_handler.h"
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
  };

  explicit Routes(const Parts& parts);

  /// LookupService and health.
  std::vector<Route> data_port();
  /// AdminService and health.
  std::vector<Route> admin_port();

  /// For Refresh and EndWatches; shared by both ports.
  HealthWatchHandler& health() { return health_watch_; }

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
};

}  // namespace frontrunner
