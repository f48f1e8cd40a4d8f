#pragma once

#include <cstddef>
#include <vector>

#include "server/base/time.h"
#include "server/tables/by_key.h"

namespace frontrunner {

/// A lookup that has not been answered yet.
struct OutstandingLookup {
  CallPtr call;
  int priority = 0;
  /// When it reached its loop.
  TimePoint began;
  /// Its race has found nothing; it waits for a Put.
  bool waiting = false;
};

/// The oldest of the lookups that are outstanding, and how many there are of
/// each sort. No thread's in particular: whoever has it.
class OutstandingList {
 public:
  /// Keeps the `max` oldest.
  explicit OutstandingList(size_t max) : max_(max) {}

  void Add(const CallPtr& call, int priority, TimePoint began, bool waiting);

  /// Takes in what another list has counted and kept.
  void Merge(OutstandingList other);

  /// The oldest first.
  std::vector<OutstandingLookup> TakeOldest() &&;

  size_t racing() const { return racing_; }
  size_t waiting() const { return waiting_; }

 private:
  void Keep(OutstandingLookup lookup);

  const size_t max_;
  size_t racing_ = 0;
  size_t waiting_ = 0;
  /// A heap with the youngest on top.
  std::vector<OutstandingLookup> kept_;
};

}  // namespace frontrunner
