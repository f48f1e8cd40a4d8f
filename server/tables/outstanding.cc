#include "server/tables/outstanding.h"

#include <algorithm>
#include <utility>

namespace frontrunner {
namespace {

bool Older(const OutstandingLookup& a, const OutstandingLookup& b) {
  return a.began < b.began;
}

}  // namespace

void OutstandingList::Add(const CallPtr& call, int priority, TimePoint began,
                          bool waiting) {
  ++(waiting ? waiting_ : racing_);
  // Before the call is copied: most of many are not among the oldest.
  if (kept_.size() >= max_ && (max_ == 0 || began >= kept_.front().began)) {
    return;
  }
  Keep({call, priority, began, waiting});
}

void OutstandingList::Keep(OutstandingLookup lookup) {
  kept_.push_back(std::move(lookup));
  std::push_heap(kept_.begin(), kept_.end(), Older);
  if (kept_.size() <= max_) return;
  std::pop_heap(kept_.begin(), kept_.end(), Older);
  kept_.pop_back();
}

void OutstandingList::Merge(OutstandingList other) {
  racing_ += other.racing_;
  waiting_ += other.waiting_;
  for (OutstandingLookup& lookup : other.kept_) Keep(std::move(lookup));
}

std::vector<OutstandingLookup> OutstandingList::TakeOldest() && {
  std::sort_heap(kept_.begin(), kept_.end(), Older);
  return std::move(kept_);
}

}  // namespace frontrunner
