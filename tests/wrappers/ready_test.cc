#include "server/wrappers/ready.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadyTest : public ::testing::Test {
 protected:
  ReadyTest() { source_->set_connectivity(Connectivity::kOpening); }

  void Start(const std::string& key) {
    attempts_.push_back(ready_->Start(TextQuery(key), [this](Outcome outcome) {
      outcomes_.push_back(outcome.status());
    }));
  }

  FakeLoop loop_;
  EventLog log_;
  std::shared_ptr<FakeSource> source_ =
      std::make_shared<FakeSource>("s", &log_);
  std::shared_ptr<Source> ready_ = WithReady(loop_, 2, source_);
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::vector<absl::Status> outcomes_;
};

TEST_F(ReadyTest, HoldsWhatComesBeforeTheSourceIsOpenAndThenAsksInOrder) {
  Start("first");
  Start("second");
  EXPECT_THAT(log_, IsEmpty());
  source_->set_connectivity(Connectivity::kConnected);
  EXPECT_THAT(log_, ElementsAre("s start", "s start"));
  EXPECT_EQ(source_->last_query().call->key, "second");
}

TEST_F(ReadyTest, TheTurnOfWhoIsHeldComesWhenTheSourceIsOpenOrLater) {
  Start("key");
  EXPECT_EQ(attempts_[0]->turn_came(), kNever);
  loop_.Advance(std::chrono::milliseconds(5));
  source_->set_connectivity(Connectivity::kConnected);
  EXPECT_EQ(attempts_[0]->turn_came(), loop_.Now());
  source_->set_turn_came(kNever);
  EXPECT_EQ(attempts_[0]->turn_came(), kNever);
}

TEST_F(ReadyTest, AFailedOpeningLetsThemThroughToo) {
  Start("key");
  source_->set_connectivity(Connectivity::kDisconnected);
  EXPECT_THAT(log_, ElementsAre("s start"));
}

TEST_F(ReadyTest, AnOpenSourceIsAskedAtOnce) {
  source_->set_connectivity(Connectivity::kConnected);
  Start("key");
  EXPECT_THAT(log_, ElementsAre("s start"));
}

TEST_F(ReadyTest, ADisconnectedSourceIsAskedAtOnceSoThatItCanSaySo) {
  source_->set_connectivity(Connectivity::kDisconnected);
  Start("key");
  EXPECT_THAT(log_, ElementsAre("s start"));
}

TEST_F(ReadyTest, WhoIsCancelledWhileHeldIsNeverAsked) {
  Start("first");
  Start("second");
  attempts_[0] = nullptr;
  source_->set_connectivity(Connectivity::kConnected);
  EXPECT_THAT(log_, ElementsAre("s start"));
  EXPECT_EQ(source_->last_query().call->key, "second");
}

TEST_F(ReadyTest, MoreThanTheBoundFailFast) {
  Start("1");
  Start("2");
  Start("3");
  EXPECT_THAT(outcomes_, IsEmpty()) << "never inside Start";
  loop_.RunUntilIdle();
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(outcomes_[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RefusalOf(outcomes_[0]), Refusal::kOverloaded);
}

TEST_F(ReadyTest, ARefusalThatNobodyWaitsForIsDropped) {
  Start("1");
  Start("2");
  Start("3");
  attempts_.pop_back();
  loop_.RunUntilIdle();
  EXPECT_THAT(outcomes_, IsEmpty());
}

TEST_F(ReadyTest, APriorityIsKeptWhileHeld) {
  Start("key");
  attempts_[0]->Reprioritise(-2);
  source_->set_connectivity(Connectivity::kConnected);
  EXPECT_THAT(source_->priorities(), ElementsAre(-2));
}

TEST_F(ReadyTest, TheWrapperMayGoBeforeTheSourceOpens) {
  Start("key");
  attempts_.clear();
  ready_ = nullptr;
  source_->set_connectivity(Connectivity::kConnected);
  EXPECT_THAT(log_, IsEmpty());
}

}  // namespace
}  // namespace frontrunner
