#include "server/loop/timer_heap.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <utility>

namespace frontrunner {
namespace {

TEST(TimerHeap, RemovingWhatIsNotInItDoesNothing) {
  TimerHeap heap;
  TimerEntry entry;
  heap.Remove(entry);
  heap.Insert(entry);
  heap.Remove(entry);
  heap.Remove(entry);
  EXPECT_TRUE(heap.empty());
}

TEST(TimerHeap, AgreesWithASortedMapUnderRandomUse) {
  std::mt19937 random(7);
  TimerHeap heap;
  std::deque<TimerEntry> entries(300);
  std::map<std::pair<TimePoint, uint64_t>, TimerEntry*> model;
  for (int step = 0; step < 30000; ++step) {
    // The top often, as timers fire, and any of the others.
    TimerEntry& entry = random() % 3 == 0 && !model.empty()
                            ? *model.begin()->second
                            : entries[random() % entries.size()];
    if (entry.position == TimerEntry::kNowhere) {
      entry.when = TimePoint(Duration(random() % 50));
      heap.Insert(entry);
      model[{entry.when, entry.sequence}] = &entry;
    } else {
      model.erase({entry.when, entry.sequence});
      heap.Remove(entry);
    }
    ASSERT_EQ(heap.size(), model.size());
    if (model.empty()) continue;
    ASSERT_EQ(&heap.top(), model.begin()->second);
  }
}

}  // namespace
}  // namespace frontrunner
