#include "server/notify/thread_probe.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/fakes/fake_loop.h"

namespace frontrunner {
namespace {

ThreadProbe::Ask On(FakeLoop& loop) {
  return [&loop](std::function<void()> task) { loop.Post(std::move(task)); };
}

TEST(ThreadProbe, NobodyHasAnsweredAtFirst) {
  FakeLoop loop;
  ThreadProbe probe({On(loop)});
  EXPECT_FALSE(probe.Answered());
  EXPECT_EQ(probe.silent(), 1U);
}

TEST(ThreadProbe, AThreadThatRunsHasAnswered) {
  FakeLoop loop;
  ThreadProbe probe({On(loop)});
  EXPECT_FALSE(probe.Answered());
  loop.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
}

TEST(ThreadProbe, EachAnswerCountsOnce) {
  FakeLoop loop;
  ThreadProbe probe({On(loop)});
  EXPECT_FALSE(probe.Answered());
  loop.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
  EXPECT_FALSE(probe.Answered());
  loop.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
}

TEST(ThreadProbe, OneSilentThreadOfTwoIsEnough) {
  FakeLoop runs;
  FakeLoop hangs;
  ThreadProbe probe({On(runs), On(hangs)});
  EXPECT_FALSE(probe.Answered());
  runs.RunUntilIdle();
  EXPECT_FALSE(probe.Answered());
  EXPECT_EQ(probe.silent(), 1U);
  hangs.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
}

TEST(ThreadProbe, NothingPilesUpOnASilentThread) {
  FakeLoop runs;
  FakeLoop hangs;
  ThreadProbe probe({On(runs), On(hangs)});
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(probe.Answered());
    runs.RunUntilIdle();
  }
  EXPECT_EQ(hangs.pending_tasks(), 1U);
}

TEST(ThreadProbe, AThreadMayAnswerWhenNobodyAsksAnyMore) {
  FakeLoop loop;
  auto probe = std::make_unique<ThreadProbe>(std::vector{On(loop)});
  EXPECT_FALSE(probe->Answered());
  probe = nullptr;
  loop.RunUntilIdle();
}

}  // namespace
}  // namespace frontrunner
