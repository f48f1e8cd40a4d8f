#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "frontrunner/config/v1/config.pb.h"
#include "server/loop/event_loop.h"
#include "server/net/polled_queue.h"
#include "server/race/source.h"
#include "server/rpc/admin_view.h"
#include "server/sources/computation/function.h"
#include "server/wrappers/dispatch_queue.h"
#include "server/wrappers/measured.h"
#include "server/wrappers/retry_budget.h"

namespace frontrunner {

/// One loop, and the completion queue that its client calls go over. Both
/// outlive every source.
struct LoopPlace {
  EventLoop* loop = nullptr;
  PolledQueue* queue = nullptr;
};

/// A configured source, on every loop.
struct BuiltSource {
  std::string name;
  /// "memory", "redis", "memcached", "grpc", "computation" or "http".
  std::string kind;
  bool is_cache = false;
  /// Null where nothing limits it.
  std::shared_ptr<DispatchQueue> queue;
  /// What its retries and hedges share; null where there are no retries and
  /// more attempts cost nobody else anything, as with caches and computations.
  std::shared_ptr<RetryBudget> budget;
  /// One per loop, in their order, wrapped and ready to race. `store` and
  /// `erase` are null where it is not a cache.
  std::vector<Cache> on_loop;
  /// All loops together; any thread.
  std::function<SourceView::Counters()> counters;

  /// Connected on at least one loop; else opening on one. What decides whether
  /// to send lookups here at all. Any thread.
  Connectivity best_connectivity() const;
  /// Connected on every loop; else disconnected on one, or opening. What
  /// somebody who looks for trouble wants to know. Any thread.
  Connectivity weakest_connectivity() const;
};

/// Builds sources from their configuration. Connections are begun here and
/// established later; nothing waits for them.
class SourceBuilder {
 public:
  struct Settings {
    std::vector<LoopPlace> places;
    /// Bytes; a larger value is no answer.
    size_t max_value = 0;
    /// Functions that were linked in.
    const FunctionRegistry* functions = nullptr;
    /// Queries held per source and loop while it opens.
    size_t max_held = 10000;
  };

  explicit SourceBuilder(Settings settings) : settings_(std::move(settings)) {}

  /// The error names the source and says what to do: a password file that
  /// can't be read, a plugin that can't be loaded. Blocks on the disk.
  absl::StatusOr<BuiltSource> Build(const std::string& name,
                                    const config::v1::Source& config) const;

 private:
  /// Makes the source on one loop.
  using Factory = std::function<absl::StatusOr<Cache>(const LoopPlace& place)>;

  /// What one kind of source is: how it is made, before any wrapper.
  struct Kind {
    std::string name;
    bool is_cache = false;
    /// Its attempts are a load on somebody else.
    bool is_backend = false;
    /// It keeps the time of its attempts itself.
    bool keeps_time = false;
    Factory factory;
    /// Null: what WithMeasure counts.
    std::function<SourceView::Counters()> counters;
  };

  absl::StatusOr<Kind> KindOf(const std::string& name,
                              const config::v1::Source& config) const;
  Kind Memory(const std::string& name, const config::v1::Memory& config) const;
  absl::StatusOr<Kind> Redis(const std::string& name,
                             const config::v1::Redis& config) const;
  absl::StatusOr<Kind> Memcached(const std::string& name,
                                 const config::v1::Memcached& config) const;
  Kind Grpc(const std::string& name, const config::v1::Source& config) const;
  absl::StatusOr<Kind> Computation(const std::string& name,
                                   const config::v1::Computation& config) const;

  absl::StatusOr<Kind> Http(const std::string& name,
                            const config::v1::Source& config) const;
  /// What goes around the source on one loop: from the outside in, asked again,
  /// held while it opens, limited, timed, and closest to it, measured.
  Cache Wrap(Cache cache, Loop& loop, const config::v1::Source& config,
             const BuiltSource& built, const Kind& kind,
             const std::shared_ptr<SourceStats>& stats) const;

  const Settings settings_;
};

}  // namespace frontrunner
