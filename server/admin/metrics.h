#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/admin/readiness.h"
#include "server/admin/visitors.h"
#include "server/rpc/admin_view.h"
#include "server/rpc/in_flight.h"
#include "server/wrappers/dispatch_queue.h"

namespace frontrunner {

/// Where the figures are. All is thread-safe, never blocks, and outlives the
/// calls below.
struct MetricsParts {
  const Readiness* readiness = nullptr;
  const AdminView* view = nullptr;
  const InFlight* in_flight = nullptr;
  std::vector<std::shared_ptr<DispatchQueue>> queues;
  std::shared_ptr<const HttpPortCounters> http;
};

/// What the server counts, as Prometheus reads it (see Exposition). Labels are
/// names from the configuration and words of our own, never keys or values.
std::string MetricsText(const MetricsParts& parts);

}  // namespace frontrunner
