#include "client/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "client/durations.h"
#include "client/retry_policy.h"
#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_lookup_server.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

v1::RaceReport ReportOf(const std::string& source) {
  v1::RaceReport report;
  report.add_entrants()->set_source(source);
  return report;
}

absl::Status Retryable(Duration after) {
  return StatusFromRpc(ToRpc({.retry_after = after}));
}

TEST(Failure, EveryDetailIsDecoded) {
  const Failure failure =
      FailureOf(StatusFromRpc(ToRpc({.code = absl::StatusCode::kUnavailable,
                                     .message = "nobody",
                                     .reason = "ALL_SOURCES_FAILED",
                                     .retry_after = milliseconds(250),
                                     .report = ReportOf("names")})));
  EXPECT_EQ(failure.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(failure.message, "nobody");
  EXPECT_EQ(failure.reason, "ALL_SOURCES_FAILED");
  EXPECT_THAT(failure.metadata,
              testing::ElementsAre(testing::Pair("table", "unicode")));
  ASSERT_TRUE(failure.report);
  EXPECT_EQ(failure.report->entrants(0).source(), "names");
  EXPECT_EQ(failure.retry_after, Duration(milliseconds(250)));
}

TEST(Failure, AFailureWithoutDetailsHasCodeAndMessageOnly) {
  const Failure failure = FailureOf(absl::UnavailableError("no route"));
  EXPECT_EQ(failure.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(failure.message, "no route");
  EXPECT_EQ(failure.reason, "");
  EXPECT_FALSE(failure.report);
  EXPECT_FALSE(failure.retry_after);
}

TEST(Failure, AReasonOfAnotherDomainIsNotOurs) {
  google::rpc::ErrorInfo info;
  info.set_domain("elsewhere");
  info.set_reason("OVERLOADED");
  google::rpc::Status status;
  status.set_code(14);
  status.add_details()->PackFrom(info);
  EXPECT_EQ(FailureOf(StatusFromRpc(status)).reason, "");
}

TEST(Failure, DamagedAndUnknownDetailsAreLeftOut) {
  google::rpc::Status status;
  status.set_code(14);
  auto* damaged = status.add_details();
  damaged->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  damaged->set_value("\xff\xff");
  status.add_details()->set_type_url("example.com/unknown.Type");
  const Failure failure = FailureOf(StatusFromRpc(status));
  EXPECT_EQ(failure.code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(failure.reason, "");
}

TEST(Failure, AStatusSurvivesTheWayThereAndBack) {
  const auto status = ToRpc({.report = ReportOf("names")});
  EXPECT_EQ(RpcFromStatus(StatusFromRpc(status)).details_size(), 2);
  EXPECT_EQ(StatusFromRpc(RpcFromStatus(StatusFromRpc(status))),
            StatusFromRpc(status));
}

TEST(Failure, ACodeFromTheFutureIsUnknown) {
  google::rpc::Status status;
  status.set_code(99);
  EXPECT_EQ(StatusFromRpc(status).code(), absl::StatusCode::kUnknown);
}

TEST(Failure, AFailureWithCodeOkIsStillAFailure) {
  EXPECT_FALSE(StatusFromRpc(google::rpc::Status()).ok());
}

TEST(Durations, WhatIsTooLargeIsClamped) {
  google::protobuf::Duration duration;
  duration.set_seconds(std::numeric_limits<int64_t>::max());
  duration.set_nanos(std::numeric_limits<int32_t>::max());
  EXPECT_GT(FromProto(duration), std::chrono::hours(24 * 365 * 290));
  duration.set_seconds(std::numeric_limits<int64_t>::min());
  duration.set_nanos(std::numeric_limits<int32_t>::min());
  EXPECT_LT(FromProto(duration), -std::chrono::hours(24 * 365 * 290));
}

TEST(Durations, OnlyPositiveOnesAreParsed) {
  EXPECT_EQ(ParseDuration("250ms"), Duration(milliseconds(250)));
  EXPECT_EQ(ParseDuration("1m30s"), Duration(seconds(90)));
  for (const char* text :
       {"", "5", "0s", "-1s", "2x", "inf", "1s ", "9999999h"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(RetryPolicy, NothingIsTriedAgainWithoutRetryInfo) {
  const RetryPolicy policy;
  EXPECT_EQ(
      policy.DelayAfter(absl::UnavailableError("refused"), 1, seconds(10), 0),
      std::nullopt);
  EXPECT_EQ(policy.DelayAfter(StatusFromRpc(ToRpc({.reason = "OVERLOADED"})), 1,
                              seconds(10), 0),
            std::nullopt);
}

TEST(RetryPolicy, DelaysDoubleUpToTheMost) {
  const RetryPolicy policy{
      .attempts = 9, .initial = milliseconds(50), .max = milliseconds(150)};
  const auto delay = [&](int tried) {
    return policy.DelayAfter(Retryable(Duration(0)), tried, seconds(10), 0);
  };
  EXPECT_EQ(delay(1), Duration(milliseconds(50)));
  EXPECT_EQ(delay(2), Duration(milliseconds(100)));
  EXPECT_EQ(delay(3), Duration(milliseconds(150)));
  EXPECT_EQ(delay(8), Duration(milliseconds(150)));
}

TEST(RetryPolicy, TheServersDelayIsTheLeast) {
  const RetryPolicy policy{.initial = milliseconds(50),
                           .max = milliseconds(100)};
  EXPECT_EQ(policy.DelayAfter(Retryable(milliseconds(700)), 1, seconds(10), 0),
            Duration(milliseconds(700)));
}

TEST(RetryPolicy, JitterLengthensByUpToHalf) {
  const RetryPolicy policy{.initial = milliseconds(100)};
  const auto delay = [&](double random) {
    return policy.DelayAfter(Retryable(Duration(0)), 1, seconds(10), random);
  };
  EXPECT_EQ(delay(0), Duration(milliseconds(100)));
  EXPECT_EQ(delay(0.5), Duration(milliseconds(125)));
  EXPECT_EQ(delay(1), Duration(milliseconds(150)));
}

TEST(RetryPolicy, NoDelayReachesTheDeadline) {
  const RetryPolicy policy{.initial = milliseconds(100)};
  const auto retryable = Retryable(Duration(0));
  EXPECT_NE(policy.DelayAfter(retryable, 1, milliseconds(151), 1),
            std::nullopt);
  EXPECT_EQ(policy.DelayAfter(retryable, 1, milliseconds(150), 1),
            std::nullopt);
  EXPECT_EQ(policy.DelayAfter(retryable, 1, milliseconds(-5), 0), std::nullopt);
}

TEST(RetryPolicy, AttemptsAreBounded) {
  const RetryPolicy policy{.attempts = 3};
  const auto retryable = Retryable(Duration(0));
  EXPECT_NE(policy.DelayAfter(retryable, 2, seconds(10), 0), std::nullopt);
  EXPECT_EQ(policy.DelayAfter(retryable, 3, seconds(10), 0), std::nullopt);
}

TEST(RetryPolicy, ADelayBeyondReasonIsNotWaitedFor) {
  EXPECT_EQ(RetryPolicy().DelayAfter(Retryable(Duration::max()), 1,
                                     Duration::max(), 1),
            std::nullopt);
}

}  // namespace
}  // namespace frontrunner
