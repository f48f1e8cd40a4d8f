#include "server/loop/timer_heap.h"

namespace frontrunner {

bool TimerHeap::Before(const TimerEntry& a, const TimerEntry& b) {
  if (a.when != b.when) return a.when < b.when;
  return a.sequence < b.sequence;
}

void TimerHeap::Place(TimerEntry& entry, size_t position) {
  entries_[position] = &entry;
  entry.position = position;
}

void TimerHeap::Insert(TimerEntry& entry) {
  entry.sequence = next_sequence_++;
  entries_.push_back(nullptr);
  Place(entry, entries_.size() - 1);
  Up(entry);
}

void TimerHeap::Remove(TimerEntry& entry) {
  const size_t hole = entry.position;
  if (hole == TimerEntry::kNowhere) return;
  entry.position = TimerEntry::kNowhere;
  TimerEntry& last = *entries_.back();
  entries_.pop_back();
  if (&last == &entry) return;
  Place(last, hole);
  Up(last);
  Down(last);
}

void TimerHeap::Up(TimerEntry& entry) {
  while (entry.position > 0) {
    const size_t here = entry.position;
    const size_t parent = (here - 1) / 2;
    if (!Before(entry, *entries_[parent])) return;
    Place(*entries_[parent], here);
    Place(entry, parent);
  }
}

void TimerHeap::Down(TimerEntry& entry) {
  for (;;) {
    const size_t here = entry.position;
    size_t child = 2 * here + 1;
    if (child >= entries_.size()) return;
    if (child + 1 < entries_.size() &&
        Before(*entries_[child + 1], *entries_[child])) {
      ++child;
    }
    if (!Before(*entries_[child], entry)) return;
    Place(*entries_[child], here);
    Place(entry, child);
  }
}

}  // namespace frontrunner
