#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/base/time.h"

namespace frontrunner {

/// One entry of a TimerHeap; its owner embeds it and keeps it where it is while
/// it is in the heap.
struct TimerEntry {
  static constexpr size_t kNowhere = SIZE_MAX;

  TimePoint when;
  /// Ascending in the order of insertion: decides between equal `when`.
  uint64_t sequence = 0;
  /// Where the heap has it.
  size_t position = kNowhere;
};

/// Entries by time, then by order of insertion; any of them can be taken out.
/// libevent's own heap is not used because it does not keep the order of equal
/// times. Owns nothing. One thread.
class TimerHeap {
 public:
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  /// The earliest. Not on an empty heap.
  TimerEntry& top() const { return *entries_.front(); }

  /// Sets the entry's sequence and position.
  void Insert(TimerEntry& entry);
  /// Does nothing if it is not in the heap.
  void Remove(TimerEntry& entry);

  /// What the next entry's sequence will be.
  uint64_t next_sequence() const { return next_sequence_; }

 private:
  static bool Before(const TimerEntry& a, const TimerEntry& b);
  void Place(TimerEntry& entry, size_t position);
  void Up(TimerEntry& entry);
  void Down(TimerEntry& entry);

  std::vector<TimerEntry*> entries_;
  uint64_t next_sequence_ = 0;
};

}  // namespace frontrunner
