#include "server/notify/liveness.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_loop.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class LivenessTest : public ::testing::Test {
 protected:
  FakeLoop clock_;
  Liveness liveness_{clock_, milliseconds(100)};
};

TEST_F(LivenessTest, NobodyIsJudgedBeforeItWatches) {
  clock_.Advance(hours(1));
  EXPECT_TRUE(liveness_.alive());
}

TEST_F(LivenessTest, SilenceIsDeathWhenPatienceIsOver) {
  liveness_.Watch();
  clock_.Advance(milliseconds(99));
  EXPECT_TRUE(liveness_.alive());
  clock_.Advance(milliseconds(1));
  EXPECT_FALSE(liveness_.alive());
}

TEST_F(LivenessTest, EachAnswerBeginsItAnew) {
  liveness_.Watch();
  clock_.Advance(milliseconds(60));
  liveness_.Answered();
  clock_.Advance(milliseconds(60));
  EXPECT_TRUE(liveness_.alive());
}

TEST_F(LivenessTest, WhoAnswersAgainIsAlive) {
  liveness_.Watch();
  clock_.Advance(hours(1));
  EXPECT_FALSE(liveness_.alive());
  liveness_.Answered();
  EXPECT_TRUE(liveness_.alive());
}

TEST_F(LivenessTest, NobodyIsJudgedAtRest) {
  liveness_.Watch();
  liveness_.Rest();
  clock_.Advance(hours(1));
  EXPECT_TRUE(liveness_.alive());
}

}  // namespace
}  // namespace frontrunner
