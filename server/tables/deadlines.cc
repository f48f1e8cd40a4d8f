#include "server/tables/deadlines.h"

#include <utility>

namespace frontrunner {

Deadlines::Deadlines(Loop& loop, std::function<void()> due)
    : loop_(loop), due_(std::move(due)) {}

Deadlines::Entry Deadlines::Add(TimePoint deadline, Caller& caller) {
  if (deadline < watched_) Watch(deadline);
  return entries_.emplace(deadline, &caller);
}

void Deadlines::Remove(Entry entry) {
  entries_.erase(entry);
  // With others left the timer stays as it is: firing once for nothing is
  // cheaper than being set anew for everyone who leaves.
  if (entries_.empty()) Watch(kNever);
}

Caller* Deadlines::First() const {
  return entries_.empty() ? nullptr : entries_.begin()->second;
}

Caller* Deadlines::FirstOver() const {
  if (entries_.empty() || entries_.begin()->first > loop_.Now()) return nullptr;
  return entries_.begin()->second;
}

void Deadlines::Watch(TimePoint when) {
  watched_ = when;
  timer_ = when == kNever ? nullptr : loop_.At(when, [this] { OnTimer(); });
}

void Deadlines::OnTimer() {
  const auto next = entries_.upper_bound(loop_.Now());
  Watch(next == entries_.end() ? kNever : next->first);
  if (!FirstOver()) return;
  const auto due = due_;  // outlives this, should it be destroyed
  due();
}

}  // namespace frontrunner
