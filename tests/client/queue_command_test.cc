#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durations.h"
#include "tests/client/admin_command_fixture.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

v1::Queue Names() {
  v1::Queue queue;
  queue.set_name("names");
  queue.set_width(4);
  queue.set_max_pending(100);
  queue.set_pending(2);
  queue.set_underway(1);
  return queue;
}

class QueueCommand : public AdminCommand {
 protected:
  QueueCommand() {
    server_.list_queues = [](int, const auto&, auto& response) {
      *response.add_queues() = Names();
      return grpc::Status::OK;
    };
    server_.get_queue = [](int, const auto& request, auto& response) {
      if (request.queue() != "names") return Unknown();
      *response.mutable_queue() = Names();
      auto& job = *response.add_pending();
      job.set_id(7);
      job.set_table("unicode");
      job.set_key("a\n\xff");
      *response.add_pending() = job;
      response.mutable_pending(1)->set_key("flag");
      return grpc::Status::OK;
    };
    server_.set_queue_width = [](int, const auto& request, auto& response) {
      if (request.queue() != "names") return Unknown();
      response = Names();
      response.set_width(request.width());
      return grpc::Status::OK;
    };
    server_.pause_queue = [](int, const auto&, auto& response) {
      response = Names();
      response.set_paused(true);
      return grpc::Status::OK;
    };
    server_.resume_queue = [](int, const auto& request, auto& response) {
      response = Names();
      if (request.has_width()) response.set_width(request.width());
      return grpc::Status::OK;
    };
    server_.cancel_job = [](int, const auto& request, auto&) {
      return request.id() == 7 ? grpc::Status::OK : Unknown();
    };
    server_.reprioritise_job = [](int, const auto& request, auto&) {
      return request.id() == 7
                 ? grpc::Status::OK
                 : grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                                "it is underway");
    };
    server_.clear_queue = [](int, const auto&, auto& response) {
      response.set_cancelled(2);
      return grpc::Status::OK;
    };
  }

  static grpc::Status Unknown() {
    return {grpc::StatusCode::NOT_FOUND, "there is none"};
  }
};

TEST_F(QueueCommand, ListIsATableOfQueues) {
  const auto result = Run({"queue", "list"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("QUEUE  WIDTH  STATE    RATE  PENDING"));
  EXPECT_THAT(result.out, HasSubstr("names  4      running  -     2      "));
}

TEST_F(QueueCommand, ShowListsJobsWithKeysEscaped) {
  const auto result = Run({"queue", "show", "names", "--max", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("7    pending  unicode  a\\n\\xff  0 "));
  EXPECT_THAT(server_.events(),
              ElementsAre(R"(GetQueue queue: "names" max_jobs: 2)"));
}

TEST_F(QueueCommand, JsonHasKeysAsLookupsHaveThem) {
  const auto result = Run({"queue", "show", "names", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr(R"("pending":[{"id":"7",)"));
  EXPECT_THAT(result.out, HasSubstr(R"({"keyText":"flag","id":"7",)"));
  EXPECT_THAT(result.out, HasSubstr(R"("key":"ZmxhZw==")"));
  EXPECT_THAT(result.out, HasSubstr(R"("underway":[])"));
  EXPECT_THAT(Run({"queue", "list", "--json"}).out,
              HasSubstr(R"({"queues":[{"name":"names","width":4,)"));
}

TEST_F(QueueCommand, ChangesReachTheServerAndSayWhatIsNow) {
  EXPECT_EQ(Run({"queue", "width", "names", "0"}).out,
            "names is held: width 0, 1 underway, 2 pending\n");
  EXPECT_EQ(Run({"queue", "pause", "names"}).out,
            "names is paused: width 4, 1 underway, 2 pending\n");
  EXPECT_EQ(Run({"queue", "resume", "names"}).out,
            "names is running: width 4, 1 underway, 2 pending\n");
  EXPECT_EQ(Run({"queue", "resume", "names", "9"}).out,
            "names is running: width 9, 1 underway, 2 pending\n");
  EXPECT_EQ(Run({"queue", "cancel", "names", "7"}).out,
            "cancelled job 7 of names\n");
  EXPECT_EQ(Run({"queue", "priority", "names", "7", "-3"}).out,
            "job 7 of names has priority -3\n");
  EXPECT_EQ(Run({"queue", "clear", "names"}).out,
            "cancelled 2 pending jobs of names\n");
  EXPECT_THAT(
      server_.events(),
      ElementsAre(R"(SetQueueWidth queue: "names")",
                  R"(PauseQueue queue: "names")",
                  R"(ResumeQueue queue: "names")",
                  R"(ResumeQueue queue: "names" width: 9)",
                  R"(CancelJob queue: "names" id: 7)",
                  R"(ReprioritiseJob queue: "names" id: 7 priority: -3)",
                  R"(ClearQueue queue: "names")"));
}

TEST_F(QueueCommand, ChangesHaveJson) {
  EXPECT_THAT(Run({"queue", "width", "names", "5", "--json"}).out,
              HasSubstr(R"({"name":"names","width":5,"paused":false,)"));
  EXPECT_EQ(Run({"queue", "cancel", "names", "7", "--json"}).out, "{}\n");
  EXPECT_EQ(Run({"queue", "clear", "names", "--json"}).out,
            "{\"cancelled\":2}\n");
}

TEST_F(QueueCommand, AnUnknownQueueOrJobExitsWith1AndAnotherFailureWith3) {
  const auto unknown = Run({"queue", "show", "nomes"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.out, IsEmpty());
  EXPECT_EQ(unknown.err, "frontrunner: NOT_FOUND: there is none\n");
  EXPECT_EQ(Run({"queue", "width", "nomes", "1"}).exit_code, 1);
  EXPECT_EQ(Run({"queue", "cancel", "names", "8"}).exit_code, 1);
  EXPECT_EQ(Run({"queue", "priority", "names", "8", "1"}).exit_code, 3);
  const auto json = Run({"queue", "show", "nomes", "--json"});
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.out, HasSubstr(R"({"failed":{"code":5,)"));
  EXPECT_THAT(json.err, IsEmpty());
}

TEST_F(QueueCommand, AWidthThatIsNoneIsWrongUsageInASentence) {
  for (const std::string width : {"-1", "five", "1.5", "2147483648", ""}) {
    const auto result = Run({"queue", "width", "names", width});
    EXPECT_EQ(result.exit_code, 2) << width;
    EXPECT_THAT(result.err, HasSubstr("'" + width +
                                      "' is not a width: a whole number, 0 to "
                                      "2147483647"));
    EXPECT_EQ(Run({"queue", "resume", "names", width}).exit_code, 2);
  }
  EXPECT_THAT(server_.events(), IsEmpty());
}

TEST_F(QueueCommand, OtherWrongUsageExitsWith2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"queue"},
           {"queue", "narrow"},
           {"queue", "show"},
           {"queue", "show", "\xff"},
           {"queue", "show", "names", "--max", "0"},
           {"queue", "width", "names"},
           {"queue", "pause"},
           {"queue", "pause", "names", "3"},
           {"queue", "cancel", "names"},
           {"queue", "cancel", "names", "-7"},
           {"queue", "priority", "names", "7"},
           {"queue", "priority", "names", "7", "high"},
           {"queue", "list", "--watch", "soon"},
           {"queue", "show", "names", "--watch", "1ms"},
           {"queue", "pause", "names", "--watch"},
           {"outstanding", "--max", "10001"}}) {
    const auto result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, testing::Not(IsEmpty()));
  }
  EXPECT_THAT(server_.events(), IsEmpty());
}

TEST_F(QueueCommand, OutstandingListsLookups) {
  server_.list_outstanding = [](int, const auto&, auto& response) {
    response.set_outstanding(3);
    response.set_racing(2);
    response.set_waiting(1);
    response.set_high(10'000);
    response.set_low(8000);
    *response.mutable_oldest() = ToProto(std::chrono::seconds(2));
    auto& lookup = *response.add_lookups();
    lookup.set_table("unicode");
    lookup.set_key(std::string(50, 'k'));
    lookup.set_waiting(true);
    *lookup.mutable_age() = ToProto(std::chrono::seconds(2));
    return grpc::Status::OK;
  };
  const auto result = Run({"outstanding"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "3 outstanding, 2 racing, 1 waiting, the oldest for 2s; marks "
            "10000 and 8000\n\n"
            "TABLE    KEY                                       PRIORITY  AGE  "
            "STATE\n"
            "unicode  " +
                std::string(39, 'k') +
                "…  0         2s   waiting\n"
                "and 2 more\n");
  EXPECT_THAT(Run({"outstanding", "--json"}).out,
              HasSubstr(R"("lookups":[{"keyText":"kkk)"));
}

}  // namespace
}  // namespace frontrunner
