#include "server/wrappers/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "server/base/status.h"
#include "server/wrappers/retry_budget.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Status Down(std::string_view why = "down") {
  return absl::UnavailableError(std::string(why));
}

class RetryTest : public ::testing::Test {
 protected:
  RetryTest() {
    settings_.backoff = {milliseconds(0), milliseconds(10), milliseconds(20)};
  }

  void Start() {
    if (!retrying_) {
      retrying_ = WithRetry(loop_, settings_, budget_, /*seed=*/1, source_);
    }
    attempt_ = retrying_->Start(query_, [this](Outcome outcome) {
      log_.emplace_back("outcome");
      outcome_ = std::move(outcome);
      attempt_ = nullptr;
    });
  }

  /// One lookup that the source answers after `took`.
  void SucceedAfter(Duration took) {
    Start();
    loop_.Advance(took);
    source_->Answer(TextValue("v"));
    outcome_.reset();
    log_.clear();
  }

  FakeLoop loop_;
  EventLog log_;
  std::shared_ptr<FakeSource> source_ =
      std::make_shared<FakeSource>("s", &log_);
  RetrySettings settings_;
  std::shared_ptr<RetryBudget> budget_;
  std::shared_ptr<Source> retrying_;
  Query query_ = TextQuery("key");
  std::optional<Outcome> outcome_;
  std::unique_ptr<Attempt> attempt_;
};

TEST_F(RetryTest, AFirstSuccessIsPassedOnWithOneAttempt) {
  Start();
  EXPECT_THAT(log_, ElementsAre("s start"));
  source_->Answer(TextValue("v"));
  ASSERT_TRUE(outcome_ && outcome_->ok());
  EXPECT_EQ((*outcome_)->attempts, 1);
  EXPECT_EQ(loop_.armed_timers(), 0U);
}

TEST_F(RetryTest, AsksAgainAfterItsDelayAndNotBefore) {
  Start();
  source_->Answer(Down());
  loop_.Advance(milliseconds(9));
  EXPECT_EQ(source_->started(), 1);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->started(), 2);
  EXPECT_FALSE(outcome_);
  source_->Answer(TextValue("v"));
  ASSERT_TRUE(outcome_ && outcome_->ok());
  EXPECT_EQ(*(*outcome_)->bytes, "v");
  EXPECT_EQ((*outcome_)->attempts, 2);
}

TEST_F(RetryTest,
       ANumberOfDelaysIsTheNumberOfAttemptsAndTheFirstFailureIsTold) {
  Start();
  source_->Answer(Down("first"));
  loop_.Advance(milliseconds(10));
  source_->Answer(Down("second"));
  loop_.Advance(milliseconds(20));
  EXPECT_FALSE(outcome_);
  source_->Answer(Down("third"));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status().message(), "first");
  EXPECT_EQ(AttemptsOf(outcome_->status()), 3);
  loop_.Advance(hours(1));
  EXPECT_EQ(source_->started(), 3);
}

TEST_F(RetryTest, TheFirstDelayComesBeforeTheFirstAttempt) {
  settings_.backoff = {milliseconds(5)};
  Start();
  loop_.Advance(milliseconds(4));
  EXPECT_THAT(log_, IsEmpty());
  loop_.Advance(milliseconds(1));
  EXPECT_THAT(log_, ElementsAre("s start"));
  source_->Answer(Down());
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(AttemptsOf(outcome_->status()), 1);
}

TEST_F(RetryTest, ADelayOfZeroAsksAgainInALaterTurn) {
  settings_.backoff = {milliseconds(0), milliseconds(0)};
  Start();
  source_->Answer(Down());
  EXPECT_EQ(source_->started(), 1);
  loop_.RunUntilIdle();
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryTest, WithoutAListTheScheduleCounts) {
  settings_.backoff.clear();
  settings_.schedule = {.initial = milliseconds(7), .attempts = 2, .jitter = 0};
  Start();
  EXPECT_EQ(source_->started(), 1);
  source_->Answer(Down());
  loop_.Advance(milliseconds(6));
  EXPECT_EQ(source_->started(), 1);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->started(), 2);
  source_->Answer(Down());
  EXPECT_TRUE(outcome_);
}

TEST_F(RetryTest, AnAttemptThatFailedIsGivenBackBeforeTheWait) {
  Start();
  source_->Answer(Down());
  EXPECT_EQ(source_->underway(), 0U);
  EXPECT_EQ(loop_.armed_timers(), 1U);
}

// Which failures.

TEST_F(RetryTest, OtherCodesAreFinal) {
  Start();
  source_->Answer(absl::InternalError("broken"));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status(), absl::InternalError("broken"));
  EXPECT_EQ(source_->started(), 1);
}

TEST_F(RetryTest, ConfiguredCodesReplaceTheDefault) {
  settings_.codes =
      CodeSet().set(static_cast<size_t>(absl::StatusCode::kAborted));
  Start();
  source_->Answer(absl::AbortedError(""));
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->started(), 2);
  source_->Answer(Down());
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status().code(), absl::StatusCode::kAborted);
}

TEST_F(RetryTest, AFinalFailureAfterARetriedOneReportsTheFirst) {
  Start();
  source_->Answer(Down("first"));
  loop_.Advance(milliseconds(10));
  source_->Answer(absl::InternalError("second"));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(outcome_->status().message(), "first");
  EXPECT_EQ(AttemptsOf(outcome_->status()), 2);
}

TEST_F(RetryTest, AMissAfterARetriedFailureIsTheAnswer) {
  Start();
  source_->Answer(Down());
  loop_.Advance(milliseconds(10));
  source_->Answer(absl::NotFoundError("no such key"));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(AttemptsOf(outcome_->status()), 2);
}

TEST_F(RetryTest, One404IsToleratedTheSecondIsFinal) {
  settings_.at_most[absl::StatusCode::kNotFound] = 1;
  Start();
  source_->Answer(absl::NotFoundError("first"));
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->started(), 2);
  source_->Answer(absl::NotFoundError("second"));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(AttemptsOf(outcome_->status()), 2);
}

TEST_F(RetryTest, OtherFailuresBetweenDoNotCountAsTolerated) {
  settings_.backoff.assign(10, milliseconds(0));
  settings_.at_most[absl::StatusCode::kInternal] = 1;
  Start();
  for (const absl::Status& failure :
       {Down(), absl::InternalError(""), Down(), Down()}) {
    source_->Answer(failure);
    loop_.RunUntilIdle();
    EXPECT_FALSE(outcome_);
  }
  source_->Answer(absl::InternalError(""));
  EXPECT_TRUE(outcome_);
  EXPECT_EQ(source_->started(), 5);
}

TEST_F(RetryTest, AtMostBoundsACodeThatIsRetryableAnyway) {
  settings_.at_most[absl::StatusCode::kUnavailable] = 1;
  Start();
  source_->Answer(Down());
  loop_.Advance(milliseconds(10));
  source_->Answer(Down());
  EXPECT_TRUE(outcome_);
}

TEST_F(RetryTest, EveryLookupToleratesAnew) {
  settings_.at_most[absl::StatusCode::kNotFound] = 1;
  for (int lookup = 1; lookup <= 2; ++lookup) {
    Start();
    source_->Answer(absl::NotFoundError(""));
    EXPECT_FALSE(outcome_);
    loop_.Advance(milliseconds(10));
    source_->Answer(TextValue("v"));
    ASSERT_TRUE(outcome_ && outcome_->ok());
    outcome_.reset();
  }
}

TEST_F(RetryTest, MarksOfTheFirstFailureAreKept) {
  settings_.codes.set(
      static_cast<size_t>(absl::StatusCode::kResourceExhausted));
  Start();
  source_->Answer(WithRefusal(absl::ResourceExhaustedError("queue full"),
                              Refusal::kOverloaded));
  loop_.Advance(milliseconds(10));
  source_->Answer(absl::InternalError(""));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(RefusalOf(outcome_->status()), Refusal::kOverloaded);
  EXPECT_EQ(AttemptsOf(outcome_->status()), 2);
}

TEST_F(RetryTest, WhatOurDrainRefusedIsNotRetried) {
  Start();
  source_->Answer(WithRefusal(Down(), Refusal::kDraining));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(RefusalOf(outcome_->status()), Refusal::kDraining);
}

// The deadline.

TEST_F(RetryTest, AWaitThatReachesTheDeadlineIsNotWaited) {
  query_.deadline = loop_.Now() + milliseconds(10);
  Start();
  source_->Answer(Down());
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status(), Down());
}

TEST_F(RetryTest, AWaitThatEndsBeforeTheDeadlineIsWaited) {
  query_.deadline = loop_.Now() + milliseconds(11);
  Start();
  source_->Answer(Down());
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryTest, NoAttemptThatCannotFinishInTheRemainingTime) {
  SucceedAfter(milliseconds(5));
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  ASSERT_TRUE(outcome_) << "10 of waiting and 5 for the fastest answer";
}

TEST_F(RetryTest, OnlyTheFastestSuccessCounts) {
  SucceedAfter(milliseconds(50));
  SucceedAfter(milliseconds(4));
  SucceedAfter(milliseconds(50));
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  EXPECT_FALSE(outcome_);
  EXPECT_EQ(loop_.armed_timers(), 1U);
}

TEST_F(RetryTest, FastFailuresAreNoReasonToHope) {
  SucceedAfter(milliseconds(5));
  Start();
  source_->Answer(absl::InternalError("at once"));
  outcome_.reset();
  query_.deadline = loop_.Now() + milliseconds(15);
  Start();
  source_->Answer(Down());
  EXPECT_TRUE(outcome_);
}

TEST_F(RetryTest, TheFirstAttemptIsMadeHoweverSlowTheSourceWas) {
  SucceedAfter(milliseconds(50));
  query_.deadline = loop_.Now() + milliseconds(1);
  Start();
  EXPECT_THAT(log_, ElementsAre("s start"));
}

TEST_F(RetryTest, AFirstDelayBeyondTheDeadlineAsksNobody) {
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
TEST_F(RetryTest, ATimerThatFiresTooLateGivesUp) {
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

TEST_F(RetryTest, TheQueryKeepsItsDeadline) {
  query_.deadline = loop_.Now() + milliseconds(100);
  Start();
  source_->Answer(Down());
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->last_query().deadline, query_.deadline);
  EXPECT_EQ(source_->last_query().call, query_.call);
}

// Pushback.

TEST_F(RetryTest, ALongerPushbackReplacesTheDelay) {
  Start();
  source_->Answer(WithPushback(Down(), milliseconds(30)));
  loop_.Advance(milliseconds(29));
  EXPECT_EQ(source_->started(), 1);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryTest, AShorterPushbackDoesNotShortenTheDelay) {
  Start();
  source_->Answer(WithPushback(Down(), milliseconds(1)));
  loop_.Advance(milliseconds(9));
  EXPECT_EQ(source_->started(), 1);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(source_->started(), 2);
}

TEST_F(RetryTest, ANegativePushbackStopsRetrying) {
  Start();
  source_->Answer(WithPushback(Down(), Duration(-1)));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(source_->started(), 1);
}

TEST_F(RetryTest, APushbackBeyondTheDeadlineGivesUpAtOnce) {
  query_.deadline = loop_.Now() + milliseconds(100);
  Start();
  source_->Answer(WithPushback(Down(), Duration::max()));
  EXPECT_TRUE(outcome_);
}

TEST_F(RetryTest, APushbackWithoutEndDoesNotOverflow) {
  Start();
  source_->Answer(WithPushback(Down(), Duration::max()));
  loop_.Advance(hours(1));
  EXPECT_FALSE(outcome_);
  EXPECT_EQ(source_->started(), 1);
}

TEST_F(RetryTest, APushbackDoesNotMakeAFinalFailureRetryable) {
  Start();
  source_->Answer(WithPushback(absl::InternalError(""), milliseconds(1)));
  EXPECT_TRUE(outcome_);
}

// The budget.

TEST_F(RetryTest, ABudgetThatRefusesEndsItWithTheFirstFailure) {
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

TEST_F(RetryTest, FirstAttemptsTakeNothingAndOfferNothing) {
  budget_ = std::make_shared<RetryBudget>(RetryBudget::Settings{});
  SucceedAfter(milliseconds(1));
  EXPECT_EQ(budget_->granted(), 0U);
  EXPECT_EQ(budget_->offered(), 0U);
}

TEST_F(RetryTest, WhatIsNotRetriedTakesNothing) {
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

// An attempt like any other.

TEST_F(RetryTest, DestroyingItWhileItWaitsLeavesNothingBehind) {
  Start();
  source_->Answer(Down());
  attempt_ = nullptr;
  EXPECT_EQ(loop_.armed_timers(), 0U);
  loop_.Advance(hours(1));
  EXPECT_EQ(source_->started(), 1);
  EXPECT_FALSE(outcome_);
}

TEST_F(RetryTest, DestroyingItCancelsTheInnerAttempt) {
  Start();
  source_->Answer(Down());
  loop_.Advance(milliseconds(10));
  log_.clear();
  attempt_ = nullptr;
  EXPECT_THAT(log_, ElementsAre("s cancel"));
}

TEST_F(RetryTest, PassesThePriorityOnToTheAttemptUnderWayAndToLaterOnes) {
  Start();
  attempt_->Reprioritise(7);
  EXPECT_THAT(source_->priorities(), ElementsAre(7));
  source_->Answer(Down());
  attempt_->Reprioritise(-3);
  loop_.Advance(milliseconds(10));
  EXPECT_THAT(source_->priorities(), ElementsAre(-3));
}

TEST_F(RetryTest, AttemptsMayOutliveTheSource) {
  Start();
  retrying_ = nullptr;
  source_->Answer(Down());
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(source_->started(), 2);
}

/// Throws, and then answers inside Start.
class Rude final : public Source {
 public:
  std::string_view name() const override { return "rude"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    if (++started_ == 2) throw std::runtime_error("thrown");
    std::move(done)(Down());
    return std::make_unique<Attempt>();
  }
  int started_ = 0;
};

TEST_F(RetryTest, ASourceThatThrowsWhenAskedAgainHarmsNobody) {
  const auto rude = std::make_shared<Rude>();
  retrying_ = WithRetry(loop_, settings_, nullptr, 1, rude);
  Start();
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(10));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(rude->started_, 2);
  EXPECT_EQ(AttemptsOf(outcome_->status()), 2);
}

}  // namespace
}  // namespace frontrunner
