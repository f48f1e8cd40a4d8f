#include "server/notify/loop_probe.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/fakes/fake_loop.h"

namespace frontrunner {
namespace {

TEST(LoopProbe, NobodyHasAnsweredAtFirst) {
  FakeLoop loop;
  LoopProbe probe({&loop});
  EXPECT_FALSE(probe.Answered());
  EXPECT_EQ(probe.silent(), 1U);
}

TEST(LoopProbe, ALoopThatRunsHasAnswered) {
  FakeLoop loop;
  LoopProbe probe({&loop});
  EXPECT_FALSE(probe.Answered());
  loop.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
}

TEST(LoopProbe, EachAnswerCountsOnce) {
  FakeLoop loop;
  LoopProbe probe({&loop});
  EXPECT_FALSE(probe.Answered());
  loop.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
  EXPECT_FALSE(probe.Answered());
  loop.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
}

TEST(LoopProbe, OneSilentLoopOfTwoIsEnough) {
  FakeLoop runs;
  FakeLoop hangs;
  LoopProbe probe({&runs, &hangs});
  EXPECT_FALSE(probe.Answered());
  runs.RunUntilIdle();
  EXPECT_FALSE(probe.Answered());
  EXPECT_EQ(probe.silent(), 1U);
  hangs.RunUntilIdle();
  EXPECT_TRUE(probe.Answered());
}

TEST(LoopProbe, NothingPilesUpOnASilentLoop) {
  FakeLoop runs;
  FakeLoop hangs;
  LoopProbe probe({&runs, &hangs});
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(probe.Answered());
    runs.RunUntilIdle();
  }
  EXPECT_EQ(hangs.pending_tasks(), 1U);
}

TEST(LoopProbe, ALoopMayAnswerWhenNobodyAsksAnyMore) {
  FakeLoop loop;
  auto probe = std::make_unique<LoopProbe>(std::vector<Loop*>{&loop});
  EXPECT_FALSE(probe->Answered());
  probe = nullptr;
  loop.RunUntilIdle();
}

}  // namespace
}  // namespace frontrunner
