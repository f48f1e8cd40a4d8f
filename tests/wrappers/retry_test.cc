#include "server/wrappers/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "server/base/status.h"
#include "server/race/race.h"
#include "tests/wrappers/retry_rig.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

/// Fails a turn later; its attempts hold something.
class Holder final : public Source {
 public:
  explicit Holder(Loop& loop) : loop_(loop) {}
  std::string_view name() const override { return "holder"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    class Holding final : public Attempt {
     public:
      explicit Holding(std::shared_ptr<int> held) : held_(std::move(held)) {}

     private:
      const std::shared_ptr<int> held_;
    };
    loop_.Post([done = std::move(done)]() mutable { std::move(done)(Down()); });
    return std::make_unique<Holding>(held_);
  }
  long held() const { return held_.use_count() - 1; }

 private:
  Loop& loop_;
  const std::shared_ptr<int> held_ = std::make_shared<int>(0);
};

TEST_F(RetryTest, AnAttemptThatFailedIsGivenBackBeforeTheWait) {
  const auto holder = std::make_shared<Holder>(loop_);
  retrying_ = WithRetry(loop_, settings_, nullptr, 1, holder);
  Start();
  EXPECT_EQ(holder->held(), 1);
  loop_.RunUntilIdle();
  EXPECT_EQ(loop_.armed_timers(), 1U);
  EXPECT_EQ(holder->held(), 0);
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

TEST_F(RetryTest, ARaceThatIsGivenUpTellsHowOftenItHasAskedSoFar) {
  Race race(loop_,
            {"race", {{WithRetry(loop_, settings_, nullptr, 1, source_)}}});
  const auto run =
      race.Run(TextQuery("key"), CachePolicy::kDefault, [](RaceResult) {});
  const auto so_far = [&run] {
    return run->AsIfAbandoned(absl::StatusCode::kDeadlineExceeded)
        .entrants[0]
        .attempts;
  };
  EXPECT_EQ(so_far(), 1);
  source_->Answer(Down());
  EXPECT_EQ(so_far(), 1);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(so_far(), 2);
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

TEST_F(RetryTest, ItsTurnIsThatOfTheAttemptUnderWay) {
  source_->set_turn_came(kNever);
  Start();
  EXPECT_EQ(attempt_->turn_came(), kNever);
  source_->Answer(Down());
  EXPECT_EQ(attempt_->turn_came(), TimePoint::min()) << "it never came";
}

TEST_F(RetryTest, ATurnThatCameIsRememberedBetweenTwoAttempts) {
  source_->set_turn_came(loop_.Now());
  Start();
  source_->Answer(Down());
  EXPECT_EQ(attempt_->turn_came(), loop_.Now());
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
