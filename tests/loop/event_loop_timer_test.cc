#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/loop/event_loop.h"

namespace frontrunner {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using Timers = std::vector<std::unique_ptr<Timer>>;

TEST(EventLoopTimer, NeverFiresEarly) {
  EventLoop loop({});
  Timers timers;
  std::vector<Duration> late;
  // Odd steps, so that rounding down anywhere would show.
  for (int i = 0; i < 50; ++i) {
    const TimePoint when = loop.Now() + i * microseconds(537);
    timers.push_back(loop.At(when, [&loop, &late, when] {
      late.push_back(loop.Now() - when);
      if (late.size() == 50) loop.Stop();
    }));
  }
  loop.Run();
  ASSERT_EQ(late.size(), 50u);
  for (Duration by : late) EXPECT_GE(by.count(), 0);
}

TEST(EventLoopTimer, FiresInTheOrderOfTimeThenOfTheCalls) {
  EventLoop loop({});
  std::vector<std::string> log;
  Timers timers;
  const TimePoint soon = loop.Now() + milliseconds(3);
  const auto add = [&](TimePoint when, std::string name) {
    timers.push_back(loop.At(when, [&log, name] { log.push_back(name); }));
  };
  add(soon + milliseconds(1), "last");
  add(soon, "a");
  add(soon, "b");
  add(soon - milliseconds(2), "first");
  add(soon, "c");
  timers.push_back(loop.At(soon + milliseconds(2), [&] { loop.Stop(); }));
  loop.Run();
  EXPECT_THAT(log, ElementsAre("first", "a", "b", "c", "last"));
}

TEST(EventLoopTimer, AnEarlierTimerIsNotHeldUpByOneSetBefore) {
  EventLoop loop({});
  std::vector<std::string> log;
  Timers timers;
  timers.push_back(loop.At(loop.Now() + std::chrono::hours(1),
                           [&] { log.push_back("late"); }));
  loop.Post([&] {
    timers.push_back(loop.At(loop.Now() + milliseconds(1), [&] {
      log.push_back("soon");
      loop.Stop();
    }));
  });
  loop.Run();
  EXPECT_THAT(log, ElementsAre("soon"));
}

TEST(EventLoopTimer, OneSetInThePastFiresInALaterTurn) {
  EventLoop loop({});
  std::vector<std::string> log;
  std::unique_ptr<Timer> timer;
  loop.Post([&] {
    timer = loop.At(TimePoint{}, [&] {
      log.push_back("timer");
      loop.Stop();
    });
    log.push_back("set");
  });
  loop.Run();
  EXPECT_THAT(log, ElementsAre("set", "timer"));
}

TEST(EventLoopTimer, OneDestroyedNeverFires) {
  EventLoop loop({});
  bool fired = false;
  std::unique_ptr<Timer> timer =
      loop.At(loop.Now() + milliseconds(1), [&] { fired = true; });
  loop.Post([&] { timer.reset(); });
  auto end = loop.At(loop.Now() + milliseconds(5), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(fired);
}

TEST(EventLoopTimer, OneDestroyedByAnotherOfTheSameTimeNeverFires) {
  EventLoop loop({});
  bool fired = false;
  std::unique_ptr<Timer> second;
  const TimePoint when = loop.Now();
  auto first = loop.At(when, [&] { second.reset(); });
  second = loop.At(when, [&] { fired = true; });
  auto end = loop.At(when + milliseconds(1), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(fired);
}

TEST(EventLoopTimer, MayBeDestroyedInItsOwnTask) {
  EventLoop loop({});
  std::unique_ptr<Timer> timer;
  auto captured = std::make_shared<int>(7);
  int seen = 0;
  timer = loop.At(loop.Now(), [&, captured] {
    timer.reset();
    seen = *captured;
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(seen, 7);
}

TEST(EventLoopTimer, OneThatSetsItselfAgainInThePastKeepsTasksRunning) {
  EventLoop loop({});
  std::unique_ptr<Timer> timer;
  int turns = 0;
  std::function<void()> again = [&] {
    ++turns;
    timer = loop.At(TimePoint{}, again);
  };
  again();
  loop.Post([&] { loop.Post([&] { loop.Stop(); }); });
  loop.Run();
  EXPECT_LE(turns, 4);
}

TEST(EventLoopTimer, NeverMeansNever) {
  EventLoop loop({});
  bool fired = false;
  auto never = loop.At(kNever, [&] { fired = true; });
  auto end = loop.At(loop.Now() + milliseconds(2), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(fired);
}

TEST(EventLoopTimer, MayOutliveTheRunButNotTheLoop) {
  EventLoop loop({});
  loop.Start();
  std::unique_ptr<Timer> timer;
  loop.RunAndWait(
      [&] { timer = loop.At(loop.Now() + std::chrono::hours(1), [] {}); });
  loop.Stop();
  loop.Join();
  timer.reset();
}

TEST(EventLoopTimer, SleepsBetweenTimers) {
  EventLoop loop({});
  int fired = 0;
  Timers timers;
  const std::clock_t before = std::clock();
  for (int i = 1; i <= 10; ++i) {
    timers.push_back(loop.At(loop.Now() + i * milliseconds(20), [&] {
      if (++fired == 10) loop.Stop();
    }));
  }
  loop.Run();
  // 200 ms of waiting cost hardly any CPU.
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 10);
}

}  // namespace
}  // namespace frontrunner
