#include "server/base/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eq;
using testing::Optional;

absl::Status Down() { return absl::UnavailableError("down"); }

TEST(StatusMarks, WithoutMarksItWasAskedOnceAndNobodyRefused) {
  EXPECT_EQ(AttemptsOf(Down()), 1);
  EXPECT_EQ(RefusalOf(Down()), std::nullopt);
  EXPECT_EQ(PushbackOf(Down()), std::nullopt);
}

TEST(StatusMarks, CodeAndMessageStayAsTheyWere) {
  absl::Status marked = WithPushback(
      WithRefusal(WithAttempts(Down(), 3), Refusal::kOverloaded), seconds(2));
  EXPECT_EQ(marked.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(marked.message(), "down");
}

TEST(StatusMarks, MarksDoNotDisturbEachOther) {
  const absl::Status marked = WithPushback(
      WithRefusal(WithAttempts(Down(), 3), Refusal::kDraining), seconds(2));
  EXPECT_EQ(AttemptsOf(marked), 3);
  EXPECT_THAT(RefusalOf(marked), Optional(Eq(Refusal::kDraining)));
  EXPECT_THAT(PushbackOf(marked), Optional(Eq(Duration(seconds(2)))));
}

TEST(StatusMarks, TheLastMarkCounts) {
  EXPECT_EQ(AttemptsOf(WithAttempts(WithAttempts(Down(), 3), 5)), 5);
}

TEST(StatusMarks, APushbackMayForbidAskingAgain) {
  EXPECT_THAT(PushbackOf(WithPushback(Down(), milliseconds(-1))),
              Optional(testing::Lt(Duration(0))));
}

TEST(CodeNames, EveryCodeIsFoundByItsName) {
  for (int code = 0; code <= 16; ++code) {
    const auto status_code = static_cast<absl::StatusCode>(code);
    EXPECT_THAT(CodeFromName(CodeName(status_code)), Optional(Eq(status_code)))
        << code;
  }
}

TEST(CodeNames, AreSpeltAsInGrpc) {
  EXPECT_EQ(CodeName(absl::StatusCode::kOk), "OK");
  EXPECT_EQ(CodeName(absl::StatusCode::kDeadlineExceeded), "DEADLINE_EXCEEDED");
  EXPECT_EQ(CodeName(absl::StatusCode::kCancelled), "CANCELLED");
}

TEST(CodeNames, OtherNamesAreNone) {
  EXPECT_EQ(CodeFromName("unavailable"), std::nullopt);
  EXPECT_EQ(CodeFromName(""), std::nullopt);
}

}  // namespace
}  // namespace frontrunner
