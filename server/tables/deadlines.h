#pragma once

#include <functional>
#include <map>
#include <memory>

#include "server/loop/loop.h"

namespace frontrunner {

class Caller;

/// The deadlines of many callers, watched by one timer. The loop's thread only.
class Deadlines {
 public:
  using Entry = std::multimap<TimePoint, Caller*>::iterator;

  /// `due` runs when at least one deadline is over; it takes those that are,
  /// and may destroy this. `loop` outlives it.
  Deadlines(Loop& loop, std::function<void()> due);
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  Entry Add(TimePoint deadline, Caller& caller);
  void Remove(Entry entry);

  /// The caller with the earliest deadline; null if there is nobody.
  Caller* First() const;

  /// The caller whose deadline is over for the longest time; null if none is.
  /// It stays until it is removed.
  Caller* FirstOver() const;

 private:
  void Watch(TimePoint when);
  void OnTimer();

  Loop& loop_;
  const std::function<void()> due_;
  std::multimap<TimePoint, Caller*> entries_;
  /// What the timer is set to: the earliest deadline or, once that one has been
  /// removed, before it.
  TimePoint watched_ = kNever;
  std::unique_ptr<Timer> timer_;
};

}  // namespace frontrunner
