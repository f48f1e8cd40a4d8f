#include "server/loop/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace frontrunner {
namespace {

using ::testing::ElementsAre;

TEST(EventLoop, RunsTasksInTheOrderOfThePosts) {
  EventLoop loop({.name = "order"});
  std::vector<int> ran;
  for (int i = 0; i < 1000; ++i) {
    loop.Post([&ran, i] { ran.push_back(i); });
  }
  loop.Start();
  ASSERT_TRUE(loop.RunAndWait([] {}));
  ASSERT_EQ(ran.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(EventLoop, NeverRunsATaskInsidePost) {
  EventLoop loop({});
  std::vector<std::string> log;
  loop.Start();
  loop.RunAndWait([&] {
    loop.Post([&] { log.push_back("task"); });
    log.push_back("posted");
  });
  loop.RunAndWait([] {});
  EXPECT_THAT(log, ElementsAre("posted", "task"));
}

TEST(EventLoop, RunsATaskPostedByATaskInALaterTurn) {
  EventLoop loop({});
  std::vector<std::string> log;
  loop.Post([&] {
    log.push_back("first");
    loop.Post([&] {
      log.push_back("posted by first");
      loop.Stop();
    });
  });
  loop.Post([&] { log.push_back("second"); });
  loop.Run();
  EXPECT_THAT(log, ElementsAre("first", "second", "posted by first"));
}

TEST(EventLoop, KeepsEachThreadsOrderWhenManyPost) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  EventLoop loop({});
  std::vector<int> next(kThreads, 0);
  int out_of_order = 0;
  loop.Start();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop.Post([&, t, i] { out_of_order += next[t]++ != i; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  loop.RunAndWait([] {});
  EXPECT_EQ(out_of_order, 0);
  EXPECT_EQ(next, std::vector<int>(kThreads, kEach));
}

TEST(EventLoop, WakesASleepingLoopOnceForManyPosts) {
  EventLoop loop({});
  loop.Start();
  loop.RunAndWait([] {});
  std::promise<void> release;
  std::promise<void> busy;
  loop.Post([&] {
    busy.set_value();
    release.get_future().wait();
  });
  busy.get_future().wait();
  const uint64_t before = loop.wakes();
  for (int i = 0; i < 1000; ++i) loop.Post([] {});
  EXPECT_EQ(loop.wakes(), before);  // it was awake
  release.set_value();
  loop.RunAndWait([] {});
  EXPECT_LE(loop.wakes(), before + 1);
}

TEST(EventLoop, RunsTasksOnTheThreadItNames) {
  EventLoop loop({.name = "a-name-longer-than-15"});
  loop.Start();
  char name[32] = {};
  std::thread::id id;
  loop.RunAndWait([&] {
    pthread_getname_np(pthread_self(), name, sizeof(name));
    id = std::this_thread::get_id();
  });
  EXPECT_STREQ(name, "a-name-longer-t");
  EXPECT_NE(id, std::this_thread::get_id());
}

TEST(EventLoop, KnowsItsThread) {
  EventLoop loop({});
  loop.Start();
  bool inside = false;
  loop.RunAndWait([&] { inside = loop.InLoop(); });
  EXPECT_TRUE(inside);
  EXPECT_FALSE(loop.InLoop());
}

TEST(EventLoop, RunAndWaitInsideTheLoopRunsAtOnce) {
  EventLoop loop({});
  loop.Start();
  bool ran = false;
  loop.RunAndWait([&] { loop.RunAndWait([&] { ran = true; }); });
  EXPECT_TRUE(ran);
}

/// Says where and when it went.
struct Captive {
  explicit Captive(std::atomic<int>& count) : destroyed(count) {}
  ~Captive() { ++destroyed; }
  std::atomic<int>& destroyed;
};

TEST(EventLoop, DestroysTasksLeftAtStopWithoutRunningThem) {
  std::atomic<int> destroyed{0};
  bool ran = false;
  EventLoop loop({});
  loop.Post([&] {
    loop.Stop();
    loop.Post(
        [&ran, captive = std::make_unique<Captive>(destroyed)] { ran = true; });
  });
  EXPECT_EQ(destroyed, 0);
  loop.Run();
  EXPECT_FALSE(ran);
  EXPECT_EQ(destroyed, 1);
}

TEST(EventLoop, DestroysATaskPostedAfterStop) {
  std::atomic<int> destroyed{0};
  bool ran = false;
  EventLoop loop({});
  loop.Start();
  loop.Stop();
  loop.Join();
  loop.Post(
      [&ran, captive = std::make_unique<Captive>(destroyed)] { ran = true; });
  EXPECT_EQ(destroyed, 1);
  EXPECT_FALSE(ran);
}

TEST(EventLoop, DestroysTasksThatPostWhenTheyAreDestroyed) {
  struct Poster {
    explicit Poster(Loop& to) : loop(to) {}
    ~Poster() {
      loop.Post([] {});
    }
    Loop& loop;
  };
  EventLoop loop({});
  loop.Post([poster = std::make_unique<Poster>(loop)] {});
}

TEST(EventLoop, RunAndWaitSaysWhenTheLoopHasStopped) {
  EventLoop loop({});
  loop.Start();
  loop.Stop();
  bool ran = false;
  loop.Join();
  EXPECT_FALSE(loop.RunAndWait([&] { ran = true; }));
  EXPECT_FALSE(ran);
}

TEST(EventLoop, StopsFromManyThreadsAndAgain) {
  EventLoop loop({});
  loop.Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { loop.Stop(); });
  }
  for (std::thread& thread : threads) thread.join();
  loop.Join();
  loop.Stop();
}

TEST(EventLoop, StopBeforeRunLetsItReturnAtOnce) {
  EventLoop loop({});
  loop.Stop();
  loop.Run();
}

TEST(EventLoopDeathTest, ATaskThatThrowsEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        EventLoop loop({});
        loop.Post([] { throw std::runtime_error("lost my way"); });
        loop.Run();
      },
      "lost my way");
}

}  // namespace
}  // namespace frontrunner
