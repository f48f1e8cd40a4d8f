#include "server/wrappers/measured.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

class MeasuredTest : public ::testing::Test {
 protected:
  void Start() {
    attempts_.push_back(measured_->Start(TextQuery("key"), [](Outcome) {}));
  }
  static size_t Index(absl::StatusCode code) {
    return static_cast<size_t>(code);
  }

  FakeLoop loop_;
  std::shared_ptr<SourceStats> stats_ = std::make_shared<SourceStats>();
  std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>("s");
  std::shared_ptr<Source> measured_ = WithMeasure(loop_, stats_, source_);
  std::vector<std::unique_ptr<Attempt>> attempts_;
};

TEST_F(MeasuredTest, CountsEveryKindOfEnd) {
  for (int i = 0; i < 5; ++i) Start();
  EXPECT_EQ(stats_->underway(), 5U);
  source_->Answer(TextValue("v"));
  source_->Answer(absl::NotFoundError(""));
  source_->Answer(absl::UnavailableError(""));
  source_->Answer(absl::InternalError(""));
  EXPECT_EQ(stats_->started, 5U);
  EXPECT_EQ(stats_->succeeded, 1U);
  EXPECT_EQ(stats_->missed, 1U);
  EXPECT_EQ(stats_->failures(), 2U);
  EXPECT_EQ(stats_->failed[Index(absl::StatusCode::kUnavailable)], 1U);
  EXPECT_EQ(stats_->failed[Index(absl::StatusCode::kInternal)], 1U);
  EXPECT_EQ(stats_->cancelled, 0U);
  EXPECT_EQ(stats_->underway(), 1U);
  attempts_.clear();
  EXPECT_EQ(stats_->cancelled, 1U);
  EXPECT_EQ(stats_->underway(), 0U);
}

TEST_F(MeasuredTest, LatencyIsOfAnswersOnlyNeverOfCancelledLosers) {
  Start();
  loop_.Advance(milliseconds(10));
  source_->Answer(TextValue("v"));
  Start();
  loop_.Advance(milliseconds(30));
  source_->Answer(absl::NotFoundError(""));
  Start();
  loop_.Advance(milliseconds(1));
  attempts_.clear();
  EXPECT_EQ(stats_->mean_latency(), milliseconds(20));
}

TEST_F(MeasuredTest, WithoutAnswersTheMeanIsZero) {
  EXPECT_EQ(stats_->mean_latency(), Duration(0));
}

}  // namespace
}  // namespace frontrunner
