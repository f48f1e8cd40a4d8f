#include "server/sources/grpc/pushback.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/status.h"
#include "server/sources/grpc/grpc_source.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"
#include "tests/sources/grpc/fake_channel.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<Duration> FromHeader(const std::string& value) {
  ClientReply reply{.status = absl::UnavailableError("")};
  reply.retry_pushback = value;
  return PushbackIn(reply);
}

google::rpc::RetryInfo RetryAfter(int64_t delay_seconds) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(delay_seconds);
  return retry;
}

/// Details with an ErrorInfo before what is given.
std::string DetailsWith(const google::protobuf::Message& message) {
  google::rpc::Status status;
  status.add_details()->PackFrom(google::rpc::ErrorInfo());
  status.add_details()->PackFrom(message);
  return status.SerializeAsString();
}

std::optional<Duration> FromDetails(const std::string& details) {
  ClientReply reply{.status = absl::UnavailableError("")};
  reply.details = details;
  return PushbackIn(reply);
}

TEST(Pushback, ThereIsNoneInAReplyThatSaysNothing) {
  EXPECT_EQ(PushbackIn({.status = absl::UnavailableError("")}), std::nullopt);
}

TEST(Pushback, TheHeaderCountsMilliseconds) {
  EXPECT_EQ(FromHeader("250"), milliseconds(250));
  EXPECT_EQ(FromHeader("0"), milliseconds(0));
}

TEST(Pushback, ANegativeHeaderMeansNotAtAll) {
  EXPECT_LT(FromHeader("-1"), Duration(0));
}

TEST(Pushback, AHeaderThatCannotBeReadMeansNotAtAll) {
  for (const char* value : {"", "soon", "1.5", "99999999999999999999"}) {
    EXPECT_LT(FromHeader(value), Duration(0)) << value;
  }
}

TEST(Pushback, AHugeHeaderIsAsLongAsADurationCanBe) {
  const auto pushback = FromHeader("9223372036854775807");
  ASSERT_TRUE(pushback);
  EXPECT_GT(*pushback, std::chrono::hours(24 * 365 * 200));
}

TEST(Pushback, ARetryInfoAmongTheDetailsIsOne) {
  EXPECT_EQ(FromDetails(DetailsWith(RetryAfter(3))), seconds(3));
}

TEST(Pushback, OtherDetailsAreNone) {
  google::rpc::ErrorInfo misleading;
  misleading.set_reason("google.rpc.RetryInfo");
  EXPECT_EQ(FromDetails(DetailsWith(misleading)), std::nullopt);
  EXPECT_EQ(FromDetails(DetailsWith(google::rpc::RetryInfo())), std::nullopt);
}

TEST(Pushback, DamagedDetailsAreNone) {
  const std::string details = DetailsWith(RetryAfter(3));
  for (size_t length = 0; length < details.size(); ++length) {
    EXPECT_NO_THROW((void)FromDetails(details.substr(0, length)));
  }
  EXPECT_EQ(FromDetails("\xff google.rpc.RetryInfo"), std::nullopt);
}

TEST(Pushback, ARetryInfoBelowZeroAsksForNoWait) {
  EXPECT_EQ(FromDetails(DetailsWith(RetryAfter(-5))), Duration(0));
}

TEST(Pushback, TheHeaderGoesBeforeTheDetails) {
  ClientReply reply{.status = absl::UnavailableError("")};
  reply.retry_pushback = "-1";
  reply.details = DetailsWith(RetryAfter(3));
  EXPECT_LT(PushbackIn(reply), Duration(0));
}

TEST(Pushback, AFailureOfTheSourceIsMarkedWithIt) {
  FakeLoop loop;
  const auto channel = std::make_shared<FakeChannel::State>();
  GrpcSource source(loop, {.name = "names"},
                    std::make_unique<FakeChannel>(channel));
  std::optional<Outcome> outcome;
  auto attempt = source.Start(
      TextQuery("k"), [&](Outcome result) { outcome = std::move(result); });
  ClientReply reply{.status = absl::UnavailableError("busy")};
  reply.retry_pushback = "70";
  channel->Answer(0, std::move(reply));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(PushbackOf(outcome->status()), milliseconds(70));
  EXPECT_EQ(outcome->status().message(), "names:50051: busy");
}

}  // namespace
}  // namespace frontrunner
