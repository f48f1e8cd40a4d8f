#include "server/wrappers/timeout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

class TimeoutTest : public ::testing::Test {
 protected:
  void Start() {
    attempt_ = timed_->Start(TextQuery("key"), [this](Outcome outcome) {
      outcome_ = std::move(outcome);
      attempt_ = nullptr;
    });
  }

  FakeLoop loop_;
  EventLog log_;
  std::shared_ptr<FakeSource> source_ =
      std::make_shared<FakeSource>("slow", &log_);
  std::shared_ptr<Source> timed_ =
      WithTimeout(loop_, milliseconds(50), source_);
  std::optional<Outcome> outcome_;
  std::unique_ptr<Attempt> attempt_;
};

TEST_F(TimeoutTest, CancelsTheAttemptWhenTheTimeIsUpAndNotBefore) {
  Start();
  loop_.Advance(milliseconds(49));
  EXPECT_FALSE(outcome_);
  loop_.Advance(milliseconds(1));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(outcome_->status(),
            absl::DeadlineExceededError("no answer within 50ms"));
  EXPECT_THAT(log_, ElementsAre("slow start", "slow cancel"));
}

TEST_F(TimeoutTest, AnAnswerInTimeDisarmsTheTimer) {
  Start();
  loop_.Advance(milliseconds(49));
  source_->Answer(TextValue("just in time"));
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(*(*outcome_)->bytes, "just in time");
  EXPECT_EQ(loop_.armed_timers(), 0U);
}

TEST_F(TimeoutTest, DestroyingItCancelsTheInnerAttemptAndTheTimer) {
  Start();
  attempt_ = nullptr;
  EXPECT_THAT(log_, ElementsAre("slow start", "slow cancel"));
  EXPECT_EQ(loop_.armed_timers(), 0U);
}

TEST_F(TimeoutTest, EveryAttemptHasItsOwnTime) {
  Start();
  loop_.Advance(milliseconds(50));
  outcome_.reset();
  Start();
  loop_.Advance(milliseconds(49));
  EXPECT_FALSE(outcome_);
}

TEST_F(TimeoutTest, PassesThePriorityOn) {
  Start();
  attempt_->Reprioritise(7);
  EXPECT_THAT(source_->priorities(), ElementsAre(7));
}

}  // namespace
}  // namespace frontrunner
