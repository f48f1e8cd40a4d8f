#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "server/rpc/handler_parts.h"
#include "server/rpc/prefetch_control.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// AdminService.Prefetch, WatchPrefetch, ListPrefetches and CancelPrefetch.
class PrefetchHandlers {
 public:
  /// Everything pointed at outlives the calls. `control` null: there is no
  /// state_dir, and every call is refused with FAILED_PRECONDITION.
  PrefetchHandlers(HandlerParts parts, PrefetchControl* control);
  ~PrefetchHandlers();

  /// For the admin port; valid as long as this.
  std::vector<Route> routes();

  /// Ends every WatchPrefetch and refuses new ones with DRAINING, so that the
  /// transport can be shut down. Any thread; for good.
  void EndWatches();

  size_t watchers() const { return watch_.watchers(); }

 private:
  struct Parts : HandlerParts {
    PrefetchControl* control = nullptr;
  };

  class Accept final : public Handler {
   public:
    explicit Accept(const Parts& parts) : parts_(parts) {}
    void Handle(ServerCall& call) override;

   private:
    const Parts parts_;
  };

  class List final : public Handler {
   public:
    explicit List(const Parts& parts) : parts_(parts) {}
    void Handle(ServerCall& call) override;

   private:
    const Parts parts_;
  };

  class Cancel final : public Handler {
   public:
    explicit Cancel(const Parts& parts) : parts_(parts) {}
    void Handle(ServerCall& call) override;

   private:
    const Parts parts_;
  };

  /// A watcher who reads slowly misses states in between, never the last.
  class Watch final : public Handler {
   public:
    explicit Watch(const Parts& parts) : parts_(parts) {}
    ~Watch() override;
    void Handle(ServerCall& call) override;
    void EndAll();
    size_t watchers() const;

   private:
    class Stream;

    void Forget(const Stream& stream);

    const Parts parts_;
    mutable std::mutex mutex_;  // guards all below
    std::list<std::shared_ptr<Stream>> streams_;
    bool ended_ = false;
  };

  template <typename Request>
  static bool Refused(const Parts& parts, ServerCall& call, Request& request);
  static bool BadId(const Parts& parts, ServerCall& call,
                    const std::string& id);

  Accept accept_;
  List list_;
  Cancel cancel_;
  Watch watch_;
};

}  // namespace frontrunner
