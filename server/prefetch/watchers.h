#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/loop/loop.h"
#include "server/rpc/prefetch_control.h"

namespace frontrunner {

/// Those who want to know how prefetches go on. The loop's thread only.
class PrefetchWatchers {
 public:
  using Changed = absl::AnyInvocable<void(absl::StatusOr<PrefetchView>)>;

  /// `view` is asked for how a prefetch is now; of those that are watched
  /// alone.
  PrefetchWatchers(Loop& loop,
                   std::function<std::optional<PrefetchView>(int64_t)> view)
      : loop_(loop), view_(std::move(view)) {}

  /// Tells it at once, and goes on until that prefetch is finished.
  void Add(uint64_t watch, int64_t number, Changed changed);
  void Remove(uint64_t watch) { watchers_.erase(watch); }

  /// A prefetch has changed: those who watch it are told soon, at most ten
  /// times a second.
  void Touch(int64_t number);

 private:
  struct Watcher {
    int64_t number;
    Changed changed;
  };

  void Tell();
  /// False: that was the last time. `rate` is what it told.
  bool TellOne(Watcher& watcher, double& rate) const;

  Loop& loop_;
  const std::function<std::optional<PrefetchView>(int64_t)> view_;
  std::map<uint64_t, Watcher> watchers_;
  std::set<int64_t> touched_;
  TimePoint told_ = TimePoint::min();
  std::unique_ptr<Timer> timer_;
  /// A rate changes by itself.
  std::unique_ptr<Timer> again_;
};

}  // namespace frontrunner
