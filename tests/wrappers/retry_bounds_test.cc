// What keeps a retry from being made: the deadline, what the source said, and
// the budget.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "server/base/status.h"
#include "server/wrappers/retry.h"
#include "tests/wrappers/retry_rig.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

using RetryBoundsTest = RetryTest;

// The deadline.

TEST_F(RetryBoundsTest, AWaitThatReachesTheDeadlineIsNotWaited) {
  query_.deadline = loop_.Now() + milliseconds(10);
  Start();
  source_->Answer(Down());
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status(), Down());
}

TEST_F(RetryBoundsTest, NorOneThatReachesTheTimeUntilSomebodyWaits) {
  TimePoint wanted_until = loop_.Now() + milliseconds(10);
  query_.wanted_until = &wanted_until;
  Start();
  source_->Answer(Down());
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status(), Down());
}

TEST_F(RetryBoundsTest, ThatTimeMayGrowMeanwhile) {
  TimePoint wanted_until = loop_.Now() + milliseconds(10);
  query_.wanted_until = &wanted_until;
  Start();
  wanted_until += milliseconds(1);
  source_->Answer(Down());
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryBoundsTest, AWaitThatEndsBeforeTheDeadlineIsWaited) {
  query_.deadline = loop_.Now() + milliseconds(11);
  Start();
  source_->Answer(Down());
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryBoundsTest, NoAttemptThatCannotFinishInTheRemainingTime) {
  SucceedAfter(milliseconds(5));
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  ASSERT_TRUE(outcome_) << "10 of waiting and 5 for the fastest answer";
}

TEST_F(RetryBoundsTest, OnlyTheFastestSuccessCounts) {
  SucceedAfter(milliseconds(50));
  SucceedAfter(milliseconds(4));
  SucceedAfter(milliseconds(50));
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  EXPECT_FALSE(outcome_);
  EXPECT_EQ(loop_.armed_timers(), 1U);
}

TEST_F(RetryBoundsTest, FastFailuresAreNoReasonToHope) {
  SucceedAfter(milliseconds(5));
  Start();
  source_->Answer(absl::InternalError("at once"));
  outcome_.reset();
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  EXPECT_TRUE(outcome_);
}

TEST_F(RetryBoundsTest, TheFirstAttemptIsMadeHoweverSlowTheSourceWas) {
  SucceedAfter(milliseconds(50));
  query_.deadline = loop_.Now() + milliseconds(1);
  Start();
  EXPECT_THAT(log_, ElementsAre("s start"));
}

TEST_F(RetryBoundsTest, ThatHoldsForAFirstAttemptAfterADelayToo) {
  settings_.backoff = {milliseconds(1)};
  Start();
  loop_.Advance(milliseconds(1 + 50));
  source_->Answer(TextValue("slow"));
  query_.deadline = loop_.Now() + milliseconds(10);
  Start();
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->underway(), 1U);
}

TEST_F(RetryBoundsTest, AFirstDelayBeyondTheDeadlineAsksNobody) {
  settings_.backoff = {milliseconds(10), milliseconds(0)};
  query_.deadline = loop_.Now() + milliseconds(10);
  Start();
  EXPECT_FALSE(outcome_) << "never inside Start";
  loop_.RunUntilIdle();
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(AttemptsOf(outcome_->status()), 0);
  EXPECT_EQ(source_->started(), 0);
}

/// Its timers fire late, as those of a busy loop do.
TEST_F(RetryBoundsTest, ATimerThatFiresTooLateGivesUp) {
  class LateLoop final : public Loop {
   public:
    explicit LateLoop(FakeLoop& loop) : loop_(loop) {}
    void Post(Task task) override { loop_.Post(std::move(task)); }
    std::unique_ptr<Timer> At(TimePoint when, Task task) override {
      return loop_.At(when + milliseconds(5), std::move(task));
    }
    TimePoint Now() const override { return loop_.Now(); }
    WallTime WallNow() const override { return loop_.WallNow(); }

   private:
    FakeLoop& loop_;
  };
  LateLoop late(loop_);
  retrying_ = WithRetry(late, settings_, nullptr, 1, source_);
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(15));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status(), Down());
  EXPECT_EQ(source_->started(), 1);
}

TEST_F(RetryBoundsTest, TheQueryKeepsItsDeadline) {
  query_.deadline = loop_.Now() + milliseconds(100);
  Start();
  source_->Answer(Down());
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->last_query().deadline, query_.deadline);
  EXPECT_EQ(source_->last_query().call, query_.call);
}

// Pushback.

TEST_F(RetryBoundsTest, ALongerPushbackReplacesTheDelay) {
  Start();
  source_->Answer(WithPushback(Down(), milliseconds(30)));
  loop_.Advance(milliseconds(29));
  EXPECT_EQ(source_->started(), 1);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryBoundsTest, AShorterPushbackDoesNotShortenTheDelay) {
  Start();
  source_->Answer(WithPushback(Down(), milliseconds(1)));
  loop_.Advance(milliseconds(9));
  EXPECT_EQ(source_->started(), 1);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryBoundsTest, ANegativePushbackStopsRetrying) {
  Start();
  source_->Answer(WithPushback(Down(), Duration(-1)));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(source_->started(), 1);
}

TEST_F(RetryBoundsTest, APushbackBeyondTheDeadlineGivesUpAtOnce) {
  query_.deadline = loop_.Now() + milliseconds(100);
  Start();
  source_->Answer(WithPushback(Down(), Duration::max()));
  EXPECT_TRUE(outcome_);
}

TEST_F(RetryBoundsTest, APushbackWithoutEndDoesNotOverflow) {
  Start();
  source_->Answer(WithPushback(Down(), Duration::max()));
  loop_.Advance(hours(1));
  EXPECT_FALSE(outcome_);
  EXPECT_EQ(source_->started(), 1);
}

TEST_F(RetryBoundsTest, APushbackDoesNotMakeAFinalFailureRetryable) {
  Start();
  source_->Answer(WithPushback(absl::InternalError(""), milliseconds(1)));
  EXPECT_TRUE(outcome_);
}

// The budget.

TEST_F(RetryBoundsTest, ABudgetThatRefusesEndsItWithTheFirstFailure) {
  budget_ = std::make_shared<RetryBudget>(
      RetryBudget::Settings{.ratio = 0, .at_least = 1});
  Start();
  source_->Answer(Down("first"));
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(10));
  source_->Answer(Down("second"));
  ASSERT_TRUE(outcome_) << "at once, without the wait";
  EXPECT_EQ(outcome_->status().message(), "first");
  EXPECT_EQ(AttemptsOf(outcome_->status()), 2);
  EXPECT_EQ(budget_->refused(), 1U);
}

TEST_F(RetryBoundsTest, FirstAttemptsTakeNothingAndOfferNothing) {
  budget_ = std::make_shared<RetryBudget>(RetryBudget::Settings{});
  SucceedAfter(milliseconds(1));
  EXPECT_EQ(budget_->granted(), 0U);
  EXPECT_EQ(budget_->offered(), 0U);
}

TEST_F(RetryBoundsTest, WhatIsNotRetriedTakesNothing) {
  budget_ = std::make_shared<RetryBudget>(RetryBudget::Settings{});
  query_.deadline = loop_.Now() + milliseconds(10);
  Start();
  source_->Answer(Down());
  ASSERT_TRUE(outcome_);
  query_.deadline = kNever;
  Start();
  source_->Answer(absl::InternalError(""));
  Start();
  source_->Answer(WithPushback(Down(), Duration(-1)));
  EXPECT_EQ(budget_->granted() + budget_->refused(), 0U);
}

}  // namespace
}  // namespace frontrunner
