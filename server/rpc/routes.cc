#include "server/rpc/routes.h"

#include <utility>

namespace frontrunner {

Routes::Routes(const Parts& parts)
    : lookup_(parts.handlers),
      batch_(parts.handlers),
      put_(parts.handlers),
      forget_(parts.handlers),
      health_check_(*parts.status, *parts.handlers.errors),
      health_watch_(*parts.status, *parts.handlers.errors,
                    parts.handlers.limits.max_watchers),
      list_tables_(*parts.admin, *parts.handlers.errors),
      list_sources_(*parts.admin, *parts.handlers.errors),
      list_outstanding_(*parts.handlers.tables, *parts.handlers.in_flight,
                        *parts.status, *parts.clock, *parts.handlers.errors),
      queues_(parts.queues, *parts.handlers.errors),
      prefetch_(parts.handlers, parts.prefetch),
      drain_(parts.drain, *parts.handlers.in_flight, *parts.handlers.errors) {}

std::vector<Route> Routes::data_port() {
  std::vector<Route> routes = HealthRoutes();
  routes.push_back(
      {.method = "/frontrunner.v1.LookupService/Lookup", .handler = &lookup_});
  routes.push_back({.method = "/frontrunner.v1.LookupService/BatchLookup",
                    .kind = MethodKind::kServerStreaming,
                    .handler = &batch_});
  routes.push_back(
      {.method = "/frontrunner.v1.LookupService/Put", .handler = &put_});
  routes.push_back(
      {.method = "/frontrunner.v1.LookupService/Forget", .handler = &forget_});
  return routes;
}

std::vector<Route> Routes::admin_port() {
  std::vector<Route> routes = HealthRoutes();
  routes.push_back({.method = "/frontrunner.v1.AdminService/ListTables",
                    .handler = &list_tables_});
  routes.push_back({.method = "/frontrunner.v1.AdminService/ListSources",
                    .handler = &list_sources_});
  routes.push_back({.method = "/frontrunner.v1.AdminService/ListOutstanding",
                    .handler = &list_outstanding_});
  routes.push_back(
      {.method = "/frontrunner.v1.AdminService/Drain", .handler = &drain_});
  for (Route& route : queues_.routes()) routes.push_back(std::move(route));
  for (Route& route : prefetch_.routes()) routes.push_back(std::move(route));
  return routes;
}

void Routes::EndWatches() {
  health_watch_.EndWatches();
  prefetch_.EndWatches();
}

std::vector<Route> Routes::HealthRoutes() {
  return {{.method = "/grpc.health.v1.Health/Check", .handler = &health_check_},
          {.method = "/grpc.health.v1.Health/Watch",
           .kind = MethodKind::kServerStreaming,
           .handler = &health_watch_}};
}

}  // namespace frontrunner
