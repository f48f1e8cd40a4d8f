#include "server/rpc/health_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "grpc/health/v1/health.pb.h"
#include "server/rpc/serving_status.h"
#include "tests/fakes/fake_call.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeStatus final : public ServingStatus {
 public:
  std::optional<bool> Serving(std::string_view service) const override {
    const auto found = states.find(service);
    if (found == states.end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, bool, std::less<>> states = {{"", true}, {"t", true}};
};

class Health : public ::testing::Test {
 protected:
  std::unique_ptr<FakeServerCall> Call(Handler& handler,
                                       const std::string& service,
                                       bool cancelled_before = false) {
    HealthCheckRequest request;
    request.set_service(service);
    auto call = std::make_unique<FakeServerCall>(
        FakeServerCall::Settings{.request = request.SerializeAsString(),
                                 .cancelled_before = cancelled_before});
    handler.Handle(*call);
    return call;
  }
  std::unique_ptr<FakeServerCall> Check(const std::string& service) {
    return Call(check_, service);
  }
  std::unique_ptr<FakeServerCall> Watch(const std::string& service) {
    return Call(watch_, service);
  }

  static int StatusIn(const std::string& message) {
    HealthCheckResponse response;
    EXPECT_TRUE(response.ParseFromString(message));
    return response.status();
  }
  static std::vector<int> StatusesOf(const FakeServerCall& call) {
    std::vector<int> statuses;
    for (const auto& message : call.written()) {
      statuses.push_back(StatusIn(message));
    }
    return statuses;
  }

  FakeStatus status_;
  Errors errors_{Errors::Settings{}};
  HealthCheckHandler check_{status_, errors_};
  HealthWatchHandler watch_{status_, errors_, 2};
};

TEST_F(Health, CheckTellsTheStateOfTheServerAndOfEachTable) {
  status_.states["t"] = false;
  EXPECT_EQ(StatusIn(Check("")->reply().response),
            HealthCheckResponse::SERVING);
  EXPECT_EQ(StatusIn(Check("t")->reply().response),
            HealthCheckResponse::NOT_SERVING);
}

TEST_F(Health, CheckOfAnUnknownServiceIsNotFound) {
  EXPECT_EQ(Check("u")->reply().code, absl::StatusCode::kNotFound);
}

TEST_F(Health, MalformedRequestsAreRefused) {
  FakeServerCall check({.request = "\xff"});
  check_.Handle(check);
  EXPECT_EQ(check.reply().code, absl::StatusCode::kInvalidArgument);
  FakeServerCall watch({.request = "\xff"});
  watch_.Handle(watch);
  EXPECT_EQ(watch.reply().code, absl::StatusCode::kInvalidArgument);
}

TEST_F(Health, WatchSendsTheStateAtOnceAndThenOnlyChanges) {
  const auto call = Watch("t");
  EXPECT_THAT(StatusesOf(*call), ElementsAre(HealthCheckResponse::SERVING));
  call->CompleteWrite();
  watch_.Refresh();
  EXPECT_FALSE(call->writing());
  status_.states["t"] = false;
  watch_.Refresh();
  EXPECT_THAT(StatusesOf(*call), ElementsAre(HealthCheckResponse::SERVING,
                                             HealthCheckResponse::NOT_SERVING));
  call->CompleteWrite();
  EXPECT_FALSE(call->finished());
  call->Cancel();
  EXPECT_TRUE(call->finished());
}

TEST_F(Health, WatchOfAnUnknownServiceStaysAndHearsWhenItIsThere) {
  const auto call = Watch("u");
  call->CompleteWrite();
  status_.states["u"] = true;
  watch_.Refresh();
  call->CompleteWrite();
  EXPECT_THAT(StatusesOf(*call),
              ElementsAre(HealthCheckResponse::SERVICE_UNKNOWN,
                          HealthCheckResponse::SERVING));
  call->Cancel();
}

TEST_F(Health, ASlowWatcherHearsTheLastStateOnly) {
  const auto call = Watch("");
  status_.states[""] = false;
  watch_.Refresh();
  status_.states[""] = true;
  watch_.Refresh();
  status_.states[""] = false;
  watch_.Refresh();
  EXPECT_THAT(StatusesOf(*call), ElementsAre(HealthCheckResponse::SERVING));
  call->CompleteWrites();
  EXPECT_THAT(StatusesOf(*call), ElementsAre(HealthCheckResponse::SERVING,
                                             HealthCheckResponse::NOT_SERVING));
  call->Cancel();
}

TEST_F(Health, ACancelledWatchIsForgotten) {
  const auto call = Watch("");
  EXPECT_EQ(watch_.watchers(), 1U);
  call->Cancel();
  EXPECT_FALSE(call->finished());  // in the middle of a write
  call->CompleteWrite(false);
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_EQ(watch_.watchers(), 0U);
}

TEST_F(Health, AWatchCancelledBeforeItBeginsIsFinished) {
  const auto call = Call(watch_, "", /*cancelled_before=*/true);
  EXPECT_TRUE(call->finished());
  EXPECT_THAT(call->written(), IsEmpty());
  EXPECT_EQ(watch_.watchers(), 0U);
}

TEST_F(Health, AFailedWriteEndsTheWatch) {
  const auto call = Watch("");
  call->CompleteWrite(false);
  EXPECT_TRUE(call->finished());
  EXPECT_EQ(watch_.watchers(), 0U);
}

TEST_F(Health, WatchersAreBounded) {
  const auto first = Watch("");
  const auto second = Watch("");
  const auto third = Watch("");
  ASSERT_TRUE(third->finished());
  EXPECT_EQ(third->reply().code, absl::StatusCode::kResourceExhausted);
  first->CompleteWrites();
  second->CompleteWrites();
  first->Cancel();
  const auto fourth = Watch("");
  EXPECT_FALSE(fourth->finished());
  fourth->CompleteWrites();
  fourth->Cancel();
  second->Cancel();
}

TEST_F(Health, EndWatchesEndsThemAfterTheirWritesAndRefusesNewOnes) {
  const auto idle = Watch("");
  idle->CompleteWrite();
  const auto busy = Watch("");
  watch_.EndWatches();
  EXPECT_TRUE(idle->finished());
  EXPECT_EQ(idle->reply().code, absl::StatusCode::kUnavailable);
  EXPECT_FALSE(busy->finished());
  busy->CompleteWrite();
  EXPECT_TRUE(busy->finished());
  const auto late = Watch("");
  ASSERT_TRUE(late->finished());
  EXPECT_EQ(late->reply().code, absl::StatusCode::kUnavailable);
}

TEST(TablesServing, FollowsTheTablesUntilItIsStopped) {
  HandlerRig rig;
  TablesServing serving(rig.tables(), nullptr);
  EXPECT_EQ(serving.Serving(""), true);
  EXPECT_EQ(serving.Serving("t"), true);
  EXPECT_EQ(serving.Serving("u"), std::nullopt);
  rig.set_serving(false);
  EXPECT_EQ(serving.Serving(""), true);
  EXPECT_EQ(serving.Serving("t"), false);
  rig.set_serving(true);
  serving.Stop();
  EXPECT_EQ(serving.Serving(""), false);
  EXPECT_EQ(serving.Serving("t"), false);
}

TEST(TablesServing, TellsOfSourcesUnderTheirOwnPrefix) {
  HandlerRig rig;
  std::map<std::string, bool, std::less<>> ready = {{"redis", false},
                                                    {"near", true}};
  TablesServing serving(rig.tables(),
                        [&](std::string_view source) -> std::optional<bool> {
                          const auto found = ready.find(source);
                          if (found == ready.end()) return std::nullopt;
                          return found->second;
                        });
  EXPECT_EQ(serving.Serving("source/near"), true);
  EXPECT_EQ(serving.Serving("source/redis"), false);
  ready["redis"] = true;
  EXPECT_EQ(serving.Serving("source/redis"), true);
  EXPECT_EQ(serving.Serving("source/none"), std::nullopt);
  EXPECT_EQ(serving.Serving("redis"), std::nullopt);
  serving.Stop();
  EXPECT_EQ(serving.Serving("source/near"), false);
}

}  // namespace
}  // namespace frontrunner
