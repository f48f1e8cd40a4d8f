#pragma once

#include <cstddef>

#include "server/rpc/errors.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// grpc.health.v1.Health.Check.
class HealthCheckHandler final : public Handler {
 public:
  /// Both outlive the handler.
  HealthCheckHandler(const ServingStatus& status, const Errors& errors)
      : status_(status), errors_(errors) {}

  void Handle(ServerCall& call) override;

 private:
  const ServingStatus& status_;
  const Errors& errors_;
};

/// grpc.health.v1.Health.Watch: the state at once, then each change of it. A
/// watcher who reads slowly misses states in between, never the last. The
/// streams are not part of InFlight: they have no end of their own.
class HealthWatchHandler final : public Handler {
 public:
  /// Both outlive the handler and its calls. More than `max_watchers` streams
  /// are refused.
  HealthWatchHandler(const ServingStatus& status, const Errors& errors,
                     size_t max_watchers);
  ~HealthWatchHandler() override;

  void Handle(ServerCall& call) override;

  /// Tells every watcher whose service has changed. To be called now and then,
  /// and when draining begins. Any thread.
  void Refresh();

  /// Ends every stream and refuses new ones with DRAINING, so that the
  /// transport can be shut down. Any thread; for good.
  void EndWatches();

  size_t watchers() const;

 private:
  class Watch;

  const ServingStatus& status_;
  const Errors& errors_;
  OpenStreams<Watch> watches_;
};

}  // namespace frontrunner
