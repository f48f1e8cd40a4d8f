#pragma once

#include <cstddef>

#include "server/rpc/latest_value_stream.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/prefetch_request.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// AdminService.WatchPrefetch: how far a prefetch is at once, then each change
/// of it until it is finished. A watcher who reads slowly misses states in
/// between, never the last.
class PrefetchWatchHandler final : public Handler {
 public:
  /// Everything pointed at outlives the calls. More streams than
  /// `limits.max_watchers` are refused.
  explicit PrefetchWatchHandler(const PrefetchParts& parts)
      : parts_(parts), streams_(parts.limits.max_watchers) {}

  void Handle(ServerCall& call) override;

  /// Ends every stream and refuses new ones with DRAINING. Any thread; for
  /// good.
  void EndWatches();

  size_t watchers() const { return streams_.size(); }

 private:
  const PrefetchParts parts_;
  OpenStreams<LatestValueStream> streams_;
};

}  // namespace frontrunner
