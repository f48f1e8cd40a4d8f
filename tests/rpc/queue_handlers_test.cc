#include "server/rpc/queue_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "frontrunner/v1/admin.pb.h"
#include "server/wrappers/limit.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

/// Two queues: "names", which is limited to one, with one loop; and "maps".
class QueueHandlersTest : public ::testing::Test {
 protected:
  Reply Call(std::string_view method, const std::string& request) {
    FakeServerCall call({.request = request});
    const std::vector<Route> routes = handlers_.routes();
    const auto route =
        std::find_if(routes.begin(), routes.end(), [&](const Route& each) {
          return each.method ==
                 "/frontrunner.v1.AdminService/" + std::string(method);
        });
    if (route == routes.end()) {
      ADD_FAILURE() << "no route " << method;
      return {};
    }
    route->handler->Handle(call);
    EXPECT_TRUE(call.finished());
    return call.reply();
  }
  template <typename Response, typename Request>
  Response Ask(std::string_view method, const Request& request) {
    const Reply reply = Call(method, request.SerializeAsString());
    EXPECT_EQ(reply.code, Code::kOk) << reply.message;
    Response response;
    EXPECT_TRUE(response.ParseFromString(reply.response));
    return response;
  }
  template <typename Request>
  Reply Failure(std::string_view method, const Request& request) {
    const Reply reply = Call(method, request.SerializeAsString());
    EXPECT_NE(reply.code, Code::kOk);
    return reply;
  }
  template <typename Request>
  static Request For(std::string_view queue) {
    Request request;
    request.set_queue(std::string(queue));
    return request;
  }
  v1::GetQueueResponse Get(int max_jobs = 0) {
    auto request = For<v1::GetQueueRequest>("names");
    request.set_max_jobs(max_jobs);
    return Ask<v1::GetQueueResponse>("GetQueue", request);
  }

  /// Asks the limited source.
  void Start(const std::string& key, int priority = 0) {
    Query query = TextQuery(key);
    query.priority = priority;
    attempts_.push_back(
        limited_->Start(query, [this, key](const Outcome& outcome) {
          ended_.push_back(key + " " +
                           std::string(CodeName(outcome.status().code())));
        }));
  }

  FakeLoop loop_;
  std::shared_ptr<DispatchQueue> names_ = std::make_shared<DispatchQueue>(
      loop_, DispatchQueue::Settings{.name = "names",
                                     .width = 1,
                                     .max_pending = 200,
                                     .per_second = 1000,
                                     .burst = 50});
  std::shared_ptr<DispatchQueue> maps_ = std::make_shared<DispatchQueue>(
      loop_, DispatchQueue::Settings{.name = "maps"});
  std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>("names");
  std::shared_ptr<Source> limited_ = WithLimit(loop_, names_, source_);
  std::vector<std::unique_ptr<Attempt>> attempts_;
  EventLog ended_;
  const Errors errors_{Errors::Settings{}};
  const QueueHandlers handlers_{{names_, maps_}, errors_};
};

TEST_F(QueueHandlersTest, QueuesAreListedInAlphabeticalOrder) {
  const auto response =
      Ask<v1::ListQueuesResponse>("ListQueues", v1::ListQueuesRequest());
  ASSERT_EQ(response.queues_size(), 2);
  EXPECT_EQ(response.queues(0).name(), "maps");
  EXPECT_EQ(response.queues(1).name(), "names");
}

TEST_F(QueueHandlersTest, AQueueIsToldWithItsSettingsAndCounters) {
  Start("a");
  Start("b");
  loop_.Advance(seconds(4));
  source_->Answer(TextValue("v"));
  loop_.RunUntilIdle();
  Start("c");
  const v1::Queue queue = Get().queue();
  EXPECT_EQ(queue.name(), "names");
  EXPECT_EQ(queue.width(), 1);
  EXPECT_FALSE(queue.paused());
  EXPECT_EQ(queue.max_pending(), 200);
  EXPECT_EQ(queue.per_second(), 1000);
  EXPECT_EQ(queue.burst(), 50);
  EXPECT_EQ(queue.pending(), 1);
  EXPECT_EQ(queue.underway(), 1);
  EXPECT_EQ(queue.late(), 0);
  EXPECT_EQ(queue.counters().queued(), 3U);
  EXPECT_EQ(queue.counters().started(), 2U);
  EXPECT_EQ(queue.counters().finished(), 1U);
  EXPECT_EQ(queue.counters().mean_wait().seconds(), 2) << "none, and 4 s";
}

TEST_F(QueueHandlersTest, EveryOtherCounterHasItsPlace) {
  for (const char* key : {"a", "b", "c", "d"}) Start(key);
  attempts_[1] = nullptr;
  ASSERT_TRUE(names_->Cancel(3).ok());
  names_->Drain();
  const v1::QueueCounters counters = Get().queue().counters();
  EXPECT_EQ(counters.cancelled(), 1U);
  EXPECT_EQ(counters.aborted(), 1U);
  EXPECT_EQ(counters.drained(), 1U);
  EXPECT_EQ(counters.refused(), 0U);
}

TEST_F(QueueHandlersTest, JobsAreListedWithTheirTimes) {
  Start("a");
  loop_.Advance(seconds(1));
  Start("b", 7);
  Start("c");
  loop_.Advance(seconds(2));
  attempts_[2] = nullptr;
  loop_.Advance(seconds(3));
  const v1::GetQueueResponse response = Get();
  ASSERT_EQ(response.underway_size(), 1);
  EXPECT_EQ(response.underway(0).id(), 1U);
  EXPECT_EQ(response.underway(0).table(), "t");
  EXPECT_EQ(response.underway(0).key(), "a");
  EXPECT_EQ(response.underway(0).started_ago().seconds(), 6);
  EXPECT_FALSE(response.underway(0).has_ended_ago());
  ASSERT_EQ(response.pending_size(), 1);
  EXPECT_EQ(response.pending(0).priority(), 7);
  EXPECT_EQ(response.pending(0).queued_ago().seconds(), 5);
  EXPECT_FALSE(response.pending(0).has_started_ago());
  ASSERT_EQ(response.ended_size(), 1);
  EXPECT_EQ(response.ended(0).key(), "c");
  EXPECT_EQ(response.ended(0).code(), 1) << "cancelled by those who waited";
  EXPECT_EQ(response.ended(0).ended_ago().seconds(), 3);
}

TEST_F(QueueHandlersTest, ALateJobIsListedAsLate) {
  source_->KeepSlots();
  Start("a");
  attempts_.clear();
  const v1::GetQueueResponse response = Get();
  EXPECT_EQ(response.queue().late(), 1);
  ASSERT_EQ(response.underway_size(), 1);
  EXPECT_TRUE(response.underway(0).late());
}

TEST_F(QueueHandlersTest, AsManyJobsAreListedAsAreAskedFor) {
  for (int i = 0; i < 120; ++i) Start(std::to_string(i));
  EXPECT_EQ(Get().pending_size(), 100);
  EXPECT_EQ(Get(110).pending_size(), 110);
  EXPECT_EQ(Get(1).pending_size(), 1);
  EXPECT_EQ(Get(1000000).pending_size(), 119);
}

TEST_F(QueueHandlersTest, LargeKeysDoNotMakeTheAnswerTooLarge) {
  for (int i = 0; i < 20; ++i) Start(std::string(100000, 'k'));
  EXPECT_EQ(Get().pending_size(), 10);
  EXPECT_EQ(Get().queue().pending(), 19);
}

TEST_F(QueueHandlersTest, TheWidthIsSet) {
  auto request = For<v1::SetQueueWidthRequest>("names");
  request.set_width(5);
  EXPECT_EQ(Ask<v1::Queue>("SetQueueWidth", request).width(), 5);
  EXPECT_EQ(names_->state().width, 5);
}

TEST_F(QueueHandlersTest, ANegativeWidthIsTheCallersMistake) {
  auto request = For<v1::SetQueueWidthRequest>("names");
  request.set_width(-1);
  const Reply reply = Failure("SetQueueWidth", request);
  EXPECT_EQ(reply.code, Code::kInvalidArgument);
  EXPECT_EQ(reply.message, "A width of -1 can't be: it is 0 or more.");
  EXPECT_EQ(Unpack(reply).info.reason(), "INVALID_REQUEST");
  auto resume = For<v1::ResumeQueueRequest>("names");
  resume.set_width(-2);
  EXPECT_EQ(Failure("ResumeQueue", resume).code, Code::kInvalidArgument);
}

TEST_F(QueueHandlersTest, AQueueIsPausedAndResumed) {
  EXPECT_TRUE(Ask<v1::Queue>("PauseQueue", For<v1::PauseQueueRequest>("names"))
                  .paused());
  v1::Queue queue =
      Ask<v1::Queue>("ResumeQueue", For<v1::ResumeQueueRequest>("names"));
  EXPECT_FALSE(queue.paused());
  EXPECT_EQ(queue.width(), 1) << "as it was";
}

TEST_F(QueueHandlersTest, AQueueIsResumedWithANewWidth) {
  names_->Pause();
  auto request = For<v1::ResumeQueueRequest>("names");
  request.set_width(0);
  EXPECT_EQ(Ask<v1::Queue>("ResumeQueue", request).width(), 0);
}

TEST_F(QueueHandlersTest, AJobIsCancelled) {
  Start("a");
  Start("b");
  auto request = For<v1::CancelJobRequest>("names");
  request.set_id(2);
  Ask<v1::CancelJobResponse>("CancelJob", request);
  loop_.RunUntilIdle();
  EXPECT_THAT(ended_, ElementsAre("b ABORTED"));
}

TEST_F(QueueHandlersTest, AnUnknownJobIsNotFound) {
  auto request = For<v1::CancelJobRequest>("names");
  request.set_id(42);
  const Reply reply = Failure("CancelJob", request);
  EXPECT_EQ(reply.code, Code::kNotFound);
  EXPECT_EQ(reply.message,
            "Queue names has no job 42 that is pending or underway.");
}

TEST_F(QueueHandlersTest, APendingJobIsReprioritised) {
  for (const char* key : {"a", "b", "c"}) Start(key);
  auto request = For<v1::ReprioritiseJobRequest>("names");
  request.set_id(3);
  request.set_priority(-1);
  Ask<v1::ReprioritiseJobResponse>("ReprioritiseJob", request);
  EXPECT_EQ(Get().pending(0).key(), "c");
}

TEST_F(QueueHandlersTest, ReprioritisingAnUnderwayJobIsAFailedPrecondition) {
  Start("a");
  auto request = For<v1::ReprioritiseJobRequest>("names");
  request.set_id(1);
  const Reply reply = Failure("ReprioritiseJob", request);
  EXPECT_EQ(reply.code, Code::kFailedPrecondition);
  EXPECT_THAT(reply.message, HasSubstr("Job 1 of queue names is underway"));
}

TEST_F(QueueHandlersTest, ClearingTellsHowManyWereCancelled) {
  for (const char* key : {"a", "b", "c"}) Start(key);
  EXPECT_EQ(Ask<v1::ClearQueueResponse>("ClearQueue",
                                        For<v1::ClearQueueRequest>("names"))
                .cancelled(),
            2);
}

TEST_F(QueueHandlersTest, AnUnknownQueueIsNotFoundAndThoseThereAreAreNamed) {
  for (const char* method :
       {"GetQueue", "SetQueueWidth", "PauseQueue", "ResumeQueue", "CancelJob",
        "ReprioritiseJob", "ClearQueue"}) {
    // The queue's name is field 1 of every request.
    const Reply reply = Failure(method, For<v1::PauseQueueRequest>("nmaes"));
    EXPECT_EQ(reply.code, Code::kNotFound) << method;
    EXPECT_EQ(reply.message,
              "There is no queue \"nmaes\"; there is \"maps\", \"names\".");
  }
}

TEST_F(QueueHandlersTest, AServerWithoutQueuesSaysSo) {
  const QueueHandlers none({}, errors_);
  FakeServerCall call(
      {.request = For<v1::GetQueueRequest>("names").SerializeAsString()});
  none.routes().at(1).handler->Handle(call);
  EXPECT_THAT(call.reply().message, HasSubstr("no source"));
}

TEST_F(QueueHandlersTest, MalformedRequestsAreRefused) {
  for (const Route& route : handlers_.routes()) {
    FakeServerCall call({.request = "\xff\xff"});
    route.handler->Handle(call);
    EXPECT_EQ(call.reply().code, Code::kInvalidArgument) << route.method;
  }
}

}  // namespace
}  // namespace frontrunner
