#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "server/base/time.h"
#include "server/prefetch/journal.h"
#include "server/prefetch/rate.h"
#include "server/rpc/prefetch_control.h"

namespace frontrunner {

/// What is known of one prefetch in memory: what the journal says of it, and
/// what goes on. A bounded part of its keys.
struct PrefetchEntry {
  /// Keys in memory are at most so many, or one more than these bytes, and
  /// those that were underway and came back.
  static constexpr size_t kMaxReadyKeys = 256;
  static constexpr size_t kMaxReadyBytes = size_t{256} << 10;
  static constexpr Duration kFirstPause = std::chrono::milliseconds(100);
  static constexpr Duration kLongestPause = std::chrono::seconds(5);

  /// As it was committed last.
  PrefetchRecord record;
  /// The next to be started.
  std::deque<PendingKey> ready;
  /// Of those that have been in `ready`, the highest seq.
  uint64_t read_up_to = 0;
  /// Started, and their end not yet in the journal.
  uint64_t underway = 0;
  /// Nothing is started before.
  TimePoint paused_until = TimePoint::min();
  Duration last_pause{0};
  Rate rate;

  /// Whether it has a key to be started; after a restart, whether it may have.
  bool has_more() const {
    return !record.cancelled &&
           (!ready.empty() || read_up_to < record.accepted);
  }

  /// Neither stored nor failed.
  uint64_t left() const {
    const uint64_t ended = record.stored + record.failed;
    return record.accepted > ended ? record.accepted - ended : 0;
  }

  bool finished() const {
    return record.complete && underway == 0 &&
           (record.cancelled || left() == 0);
  }

  /// The table would not take more for now: a longer pause each time, until it
  /// takes one again. Those that come back together make one pause.
  void Pause(TimePoint now) {
    if (now < paused_until) return;
    last_pause = last_pause == Duration(0)
                     ? kFirstPause
                     : std::min(2 * last_pause, kLongestPause);
    paused_until = now + last_pause;
  }

  PrefetchView View(TimePoint now) const {
    PrefetchView view;
    view.id = record.id;
    view.table = record.table;
    view.priority = record.priority;
    view.accepted = record.accepted;
    view.stored = record.stored;
    view.failed = record.failed;
    view.underway = underway;
    const uint64_t waiting = left() > underway ? left() - underway : 0;
    (record.cancelled ? view.cancelled : view.pending) = waiting;
    view.complete = record.complete;
    view.finished = finished();
    view.per_second = rate.PerSecond(now);
    view.failures = record.failures;
    return view;
  }
};

}  // namespace frontrunner
