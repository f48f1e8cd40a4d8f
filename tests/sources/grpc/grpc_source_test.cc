#include "server/sources/grpc/grpc_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "absl/strings/str_cat.h"
#include "frontrunner/v1/lookup.pb.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"
#include "tests/sources/grpc/fake_channel.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class GrpcSourceTest : public ::testing::Test {
 protected:
  std::unique_ptr<GrpcSource> Make(std::optional<Duration> timeout = {}) {
    return std::make_unique<GrpcSource>(
        loop_, GrpcSource::Settings{.name = "names", .timeout = timeout},
        std::make_unique<FakeChannel>(channel_));
  }

  // Asks and has the backend reply with a message.
  Outcome AnswerTo(const Query& query, const v1::LookupResponse& response) {
    return ReplyTo(query, absl::OkStatus(), response.SerializeAsString());
  }

  Outcome ReplyTo(const Query& query, absl::Status status,
                  const std::string& message = "") {
    std::optional<Outcome> outcome;
    auto attempt = source_->Start(
        query, [&](Outcome result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome.has_value());
    channel_->Answer(channel_->done.size() - 1,
                     {.status = std::move(status), .message = message});
    return outcome.value_or(absl::UnknownError("no answer"));
  }

  FakeLoop loop_;
  std::shared_ptr<FakeChannel::State> channel_ =
      std::make_shared<FakeChannel::State>();
  std::unique_ptr<GrpcSource> source_ = Make();
};

TEST_F(GrpcSourceTest, AsksForTableAndKeyWithPriorityAndHops) {
  CallContext call;
  call.table = "unicode";
  call.key = std::string("k\0\xff", 3);
  call.hops = 2;
  Query query;
  query.call = std::make_shared<const CallContext>(call);
  query.priority = -7;
  auto attempt = source_->Start(query, [](Outcome) {});
  ASSERT_EQ(channel_->requests.size(), 1U);
  const ClientRequest& request = channel_->requests[0];
  EXPECT_EQ(request.method, "/frontrunner.v1.LookupService/Lookup");
  EXPECT_THAT(request.metadata, ElementsAre(Pair("frontrunner-hops", "3")));
  v1::LookupRequest lookup;
  ASSERT_TRUE(lookup.ParseFromString(request.message));
  EXPECT_EQ(lookup.table(), "unicode");
  EXPECT_EQ(lookup.key(), call.key);
  EXPECT_EQ(lookup.priority(), -7);
  EXPECT_FALSE(lookup.wait_for_value());
}

TEST_F(GrpcSourceTest, AnAnswerIsAValueWithItsFreshness) {
  v1::LookupResponse response;
  response.set_value("CHEQUERED FLAG");
  response.mutable_age()->set_seconds(3);
  response.mutable_age()->set_nanos(5);
  response.mutable_fresh_for()->set_nanos(7);
  response.set_stale(true);
  const Outcome outcome = AnswerTo(TextQuery("k"), response);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome->bytes, "CHEQUERED FLAG");
  EXPECT_EQ(outcome->age, seconds(3) + Duration(5));
  EXPECT_EQ(outcome->fresh_for, Duration(7));
  EXPECT_TRUE(outcome->stale);
}

TEST_F(GrpcSourceTest, AnAnswerThatSaysNothingOfItsFreshnessHasNone) {
  const Outcome outcome = AnswerTo(TextQuery("k"), {});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome->bytes, "");
  EXPECT_EQ(outcome->age, Duration(0));
  EXPECT_EQ(outcome->fresh_for, std::nullopt);
  EXPECT_FALSE(outcome->stale);
}

TEST_F(GrpcSourceTest, ImpossibleDurationsAreBounded) {
  v1::LookupResponse response;
  response.mutable_age()->set_seconds(-1);
  response.mutable_fresh_for()->set_seconds(1LL << 62);
  const Outcome outcome = AnswerTo(TextQuery("k"), response);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->age, Duration(0));
  EXPECT_EQ(outcome->fresh_for, Duration::max());
}

TEST_F(GrpcSourceTest, NotFoundIsAMiss) {
  const Outcome outcome =
      ReplyTo(TextQuery("k"), absl::NotFoundError("unassigned"));
  EXPECT_EQ(outcome.status(), absl::NotFoundError("names:50051: unassigned"));
}

TEST_F(GrpcSourceTest, AFailureHasTheBackendsCodeAndNamesTheTarget) {
  EXPECT_EQ(
      ReplyTo(TextQuery("k"), absl::PermissionDeniedError("not you")).status(),
      absl::PermissionDeniedError("names:50051: not you"));
  EXPECT_EQ(ReplyTo(TextQuery("k"), absl::UnavailableError("")).status(),
            absl::UnavailableError("names:50051: no message"));
}

TEST_F(GrpcSourceTest, AMalformedResponseIsInternal) {
  const Outcome outcome = ReplyTo(TextQuery("k"), absl::OkStatus(), "\xff\xff");
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("names:50051"));
}

TEST_F(GrpcSourceTest, AFailuresMessageIsBoundedAndPresentable) {
  const auto message = [&](const std::string& text) {
    const Outcome outcome = ReplyTo(TextQuery("k"), absl::InternalError(text));
    return std::string(outcome.status().message());
  };
  EXPECT_EQ(message("a\nb\x7f\xff"
                    "c"),
            "names:50051: a?b??c");
  EXPECT_EQ(message("z\u00fcrich \u20ac \U0001F3C1"),
            "names:50051: z\u00fcrich \u20ac \U0001F3C1");
  // Overlong, a surrogate, beyond Unicode, cut off.
  EXPECT_EQ(message("\xc0\x80"), "names:50051: ??");
  EXPECT_EQ(message("\xe0\x80\x80"), "names:50051: ???");
  EXPECT_EQ(message("\xed\xa0\x80"), "names:50051: ???");
  EXPECT_EQ(message("\xf4\x90\x80\x80"), "names:50051: ????");
  EXPECT_EQ(message("\xe2\x82"), "names:50051: ??");
  EXPECT_EQ(message(std::string(512, 'x')),
            absl::StrCat("names:50051: ", std::string(512, 'x')));
  // Never in the middle of a character.
  EXPECT_EQ(message(std::string(511, 'x') + "\u00fc"),
            absl::StrCat("names:50051: ", std::string(511, 'x'), "..."));
}

TEST_F(GrpcSourceTest, TheQuerysDeadlineIsPassedOn) {
  Query query = TextQuery("k");
  auto without = source_->Start(query, [](Outcome) {});
  EXPECT_EQ(channel_->requests[0].deadline, kNever);
  query.deadline = loop_.Now() + seconds(1);
  auto with = source_->Start(query, [](Outcome) {});
  EXPECT_EQ(channel_->requests[1].deadline, query.deadline);
}

TEST_F(GrpcSourceTest, TheTimeoutBoundsTheDeadline) {
  source_ = Make(milliseconds(200));
  Query query = TextQuery("k");
  auto alone = source_->Start(query, [](Outcome) {});
  EXPECT_EQ(channel_->requests[0].deadline, loop_.Now() + milliseconds(200));
  query.deadline = loop_.Now() + milliseconds(100);
  auto sooner = source_->Start(query, [](Outcome) {});
  EXPECT_EQ(channel_->requests[1].deadline, query.deadline);
  query.deadline = loop_.Now() + hours(1);
  auto later = source_->Start(query, [](Outcome) {});
  EXPECT_EQ(channel_->requests[2].deadline, loop_.Now() + milliseconds(200));
}

TEST_F(GrpcSourceTest, WaitingForTheFirstConnectionIsNotCountedAsTimeout) {
  source_ = Make(milliseconds(200));
  channel_->connectivity = Connectivity::kOpening;
  auto attempt = source_->Start(TextQuery("k"), [](Outcome) {});
  EXPECT_EQ(channel_->requests[0].deadline, kNever);
}

TEST_F(GrpcSourceTest, Fault36_ASuccessAfterTheDeadlineIsNotReturned) {
  Query query = TextQuery("k");
  query.deadline = loop_.Now() + seconds(1);
  std::optional<Outcome> outcome;
  auto attempt =
      source_->Start(query, [&](Outcome result) { outcome = result; });
  loop_.Advance(seconds(1));
  channel_->Answer(0, {.status = absl::OkStatus()});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->status().code(), absl::StatusCode::kDeadlineExceeded);

  query.deadline = loop_.Now() + seconds(1);
  loop_.Advance(milliseconds(999));
  EXPECT_TRUE(AnswerTo(query, {}).ok()) << "a moment before it";
}

TEST_F(GrpcSourceTest, DestroyingTheAttemptCancelsTheCall) {
  auto attempt = source_->Start(TextQuery("k"),
                                [](Outcome) { FAIL() << "was cancelled"; });
  EXPECT_EQ(channel_->cancelled, 0);
  attempt.reset();
  EXPECT_EQ(channel_->cancelled, 1);
}

TEST_F(GrpcSourceTest, DoneMayDestroyTheAttemptAndTheSource) {
  std::unique_ptr<Attempt> attempt;
  bool ran = false;
  attempt = source_->Start(TextQuery("k"), [&](Outcome) {
    attempt.reset();
    source_.reset();
    ran = true;
  });
  channel_->Answer(0, {.status = absl::UnavailableError("x")});
  EXPECT_TRUE(ran);
  EXPECT_EQ(channel_->cancelled, 0);
}

TEST_F(GrpcSourceTest, IsAsConnectedAsItsChannel) {
  channel_->connectivity = Connectivity::kDisconnected;
  EXPECT_EQ(source_->connectivity(), Connectivity::kDisconnected);
  channel_->connectivity = Connectivity::kOpening;
  EXPECT_EQ(source_->connectivity(), Connectivity::kOpening);
  bool opened = false;
  source_->WhenOpened([&] { opened = true; });
  std::move(channel_->opened.at(0))();
  EXPECT_TRUE(opened);
}

}  // namespace
}  // namespace frontrunner
