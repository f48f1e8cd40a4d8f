#include "server/wrappers/max_value.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

class MaxValueTest : public ::testing::Test {
 protected:
  void Answer(Outcome outcome) {
    auto source = std::make_shared<FakeSource>("s");
    auto capped = WithMaxValue(3, source);
    auto attempt = capped->Start(
        TextQuery("key"), [this](Outcome got) { outcome_ = std::move(got); });
    source->Answer(std::move(outcome));
  }

  std::optional<Outcome> outcome_;
};

TEST_F(MaxValueTest, AValueAtTheLimitPasses) {
  Answer(TextValue("abc"));
  EXPECT_TRUE(outcome_->ok());
}

TEST_F(MaxValueTest, AValueAboveItFails) {
  Answer(TextValue("abcd"));
  EXPECT_EQ(outcome_->status(),
            absl::ResourceExhaustedError(
                "a value of 4 bytes, above limits.max_value of 3"));
}

TEST_F(MaxValueTest, AFailurePasses) {
  Answer(absl::NotFoundError("miss"));
  EXPECT_EQ(outcome_->status(), absl::NotFoundError("miss"));
}

}  // namespace
}  // namespace frontrunner
