#pragma once

#include <cstddef>
#include <vector>

#include "server/rpc/handler_parts.h"
#include "server/rpc/prefetch_control.h"
#include "server/rpc/prefetch_request.h"
#include "server/rpc/prefetch_watch_handler.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// AdminService.Prefetch, WatchPrefetch, ListPrefetches and CancelPrefetch.
class PrefetchHandlers {
 public:
  /// Everything pointed at outlives the calls. `control` null: there is no
  /// state_dir, and every call is refused with FAILED_PRECONDITION.
  PrefetchHandlers(HandlerParts parts, PrefetchControl* control);

  /// For the admin port; valid as long as this.
  std::vector<Route> routes();

  /// Ends every WatchPrefetch and refuses new ones with DRAINING, so that the
  /// transport can be shut down. Any thread; for good.
  void EndWatches() { watch_.EndWatches(); }

  size_t watchers() const { return watch_.watchers(); }

 private:
  class Accept final : public Handler {
   public:
    explicit Accept(const PrefetchParts& parts) : parts_(parts) {}
    void Handle(ServerCall& call) override;

   private:
    const PrefetchParts parts_;
  };

  class List final : public Handler {
   public:
    explicit List(const PrefetchParts& parts) : parts_(parts) {}
    void Handle(ServerCall& call) override;

   private:
    const PrefetchParts parts_;
  };

  class Cancel final : public Handler {
   public:
    explicit Cancel(const PrefetchParts& parts) : parts_(parts) {}
    void Handle(ServerCall& call) override;

   private:
    const PrefetchParts parts_;
  };

  Accept accept_;
  List list_;
  Cancel cancel_;
  PrefetchWatchHandler watch_;
};

}  // namespace frontrunner
