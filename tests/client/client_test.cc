#include "client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <string>

#include "client/admin_client.h"
#include "tests/client/fake_lookup_server.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

v1::LookupRequest Ask(const std::string& key) {
  v1::LookupRequest request;
  request.set_table("unicode");
  request.set_key(key);
  return request;
}

grpc::Status Flag(int /*call*/, const v1::LookupRequest& /*request*/,
                  v1::LookupResponse& response) {
  response.set_value("CHEQUERED FLAG");
  response.set_source("names");
  return grpc::Status::OK;
}

Client::Settings Quick(const FakeLookupServer& server) {
  return {.address = server.address(),
          .retry = {.initial = milliseconds(1), .max = milliseconds(2)}};
}

TEST(Client, ALookupReturnsTheResponse) {
  FakeLookupServer server;
  server.lookup = Flag;
  Client client(Quick(server));
  const auto response = client.Lookup(Ask("U+1F3C1"));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->value(), "CHEQUERED FLAG");
  EXPECT_EQ(response->source(), "names");
  EXPECT_EQ(server.last_lookup().key(), "U+1F3C1");
  EXPECT_EQ(server.last_lookup().table(), "unicode");
}

TEST(Client, AUnixSocketWorksToo) {
  const std::string path =
      testing::TempDir() + "client_" + std::to_string(getpid()) + ".sock";
  FakeLookupServer server("unix:" + path);
  server.lookup = Flag;
  Client client(Quick(server));
  EXPECT_TRUE(client.Lookup(Ask("U+1F3C1")).ok());
  std::remove(path.c_str());
}

TEST(Client, AFailureKeepsItsDetails) {
  FakeLookupServer server;
  server.lookup = [](int, const auto&, auto&) {
    v1::RaceReport report;
    report.add_entrants()->set_source("names");
    return ToGrpc({.code = absl::StatusCode::kNotFound,
                   .message = "no source answered",
                   .reason = "ALL_SOURCES_FAILED",
                   .report = report});
  };
  Client client(Quick(server));
  const auto response = client.Lookup(Ask("U+E000"));
  const Failure failure = FailureOf(response.status());
  EXPECT_EQ(failure.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(failure.message, "no source answered");
  EXPECT_EQ(failure.reason, "ALL_SOURCES_FAILED");
  ASSERT_TRUE(failure.report);
  EXPECT_EQ(failure.report->entrants(0).source(), "names");
  EXPECT_THAT(server.events(), ElementsAre("Lookup"));
}

TEST(Client, ALookupIsTriedAgainWhereTheServerAllowsIt) {
  FakeLookupServer server;
  server.lookup = [](int call, const auto& request, auto& response) {
    return call < 3 ? ToGrpc({.retry_after = milliseconds(1)})
                    : Flag(call, request, response);
  };
  Client client(Quick(server));
  EXPECT_TRUE(client.Lookup(Ask("U+1F3C1")).ok());
  EXPECT_THAT(server.events(), ElementsAre("Lookup", "Lookup", "Lookup"));
}

TEST(Client, AfterTheLastTryTheFailureIsReturned) {
  FakeLookupServer server;
  server.lookup = [](int call, const auto&, auto&) {
    return ToGrpc({.message = "try " + std::to_string(call),
                   .retry_after = milliseconds(1)});
  };
  Client client(Quick(server));
  const auto response = client.Lookup(Ask("U+1F3C1"));
  EXPECT_EQ(response.status().message(), "try 3");
  EXPECT_EQ(server.events().size(), 3);
}

TEST(Client, AFailureWithoutRetryInfoIsNotTriedAgain) {
  FakeLookupServer server;
  server.lookup = [](int, const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
  };
  Client client(Quick(server));
  EXPECT_TRUE(absl::IsUnavailable(client.Lookup(Ask("k")).status()));
  EXPECT_THAT(server.events(), ElementsAre("Lookup"));
}

TEST(Client, ARetryThatTheDeadlineLeavesNoTimeForIsNotMade) {
  FakeLookupServer server;
  server.lookup = [](int, const auto&, auto&) {
    return ToGrpc({.retry_after = seconds(60)});
  };
  Client client(Quick(server));
  // Returns at once, with the server's failure rather than DEADLINE_EXCEEDED.
  const auto response =
      client.Lookup(Ask("k"), {.deadline = Duration(seconds(50))});
  EXPECT_EQ(FailureOf(response.status()).reason, "OVERLOADED");
  EXPECT_THAT(server.events(), ElementsAre("Lookup"));
}

TEST(Client, TheDeadlineTravelsAndEndsTheCall) {
  FakeLookupServer server;
  server.Hold();
  Client client(Quick(server));
  const auto response =
      client.Lookup(Ask("k"), {.deadline = Duration(milliseconds(100))});
  EXPECT_TRUE(absl::IsDeadlineExceeded(response.status()));
  EXPECT_LE(server.last_deadline(), milliseconds(100));
  // The server may not even have begun, if the machine is slow.
  EXPECT_FALSE(FailureOf(response.status()).retry_after);
}

TEST(Client, WithoutADeadlineTheClientsOwnCounts) {
  FakeLookupServer server;
  server.lookup = Flag;
  Client client({.address = server.address(), .deadline = seconds(100)});
  EXPECT_TRUE(client.Lookup(Ask("k")).ok());
  EXPECT_GT(server.last_deadline(), seconds(50));
  EXPECT_LE(server.last_deadline(), seconds(100));
}

TEST(Client, NobodyListeningIsUnavailable) {
  std::string address;
  {
    const FakeLookupServer gone;
    address = gone.address();
  }
  Client client({.address = address});
  const auto response = client.Lookup(Ask("k"));
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_EQ(FailureOf(response.status()).reason, "");
}

TEST(Client, PutAndForgetAreTriedAgainToo) {
  FakeLookupServer server;
  server.put = [](int call, const v1::PutRequest& request, auto&) {
    EXPECT_EQ(request.value(), "v");
    return call < 2 ? ToGrpc({.reason = "CACHES_FAILED",
                              .retry_after = milliseconds(1)})
                    : grpc::Status::OK;
  };
  server.forget = [](int call, const v1::ForgetRequest&, auto&) {
    return call < 2 ? ToGrpc({.reason = "CACHES_FAILED",
                              .retry_after = milliseconds(1)})
                    : grpc::Status::OK;
  };
  Client client(Quick(server));
  v1::PutRequest put;
  put.set_value("v");
  EXPECT_TRUE(client.Put(put).ok());
  EXPECT_TRUE(client.Forget(v1::ForgetRequest()).ok());
  EXPECT_THAT(server.events(), ElementsAre("Put", "Put", "Forget", "Forget"));
}

std::vector<v1::BatchLookupResponse> TwoAnswers() {
  std::vector<v1::BatchLookupResponse> answers(2);
  answers[0].set_key("b");
  answers[0].mutable_found()->set_value("B");
  answers[1].set_key("a");
  *answers[1].mutable_failed() = ToRpc(
      {.code = absl::StatusCode::kNotFound, .reason = "ALL_SOURCES_FAILED"});
  return answers;
}

TEST(Client, ABatchIsAnsweredInFinishingOrder) {
  FakeLookupServer server;
  server.batch = [](int, const auto& request, auto& answers) {
    EXPECT_THAT(request.keys(), ElementsAre("a", "b"));
    answers = TwoAnswers();
    return grpc::Status::OK;
  };
  Client client(Quick(server));
  v1::BatchLookupRequest request;
  request.add_keys("a");
  request.add_keys("b");
  std::vector<std::string> told;
  const auto status = client.BatchLookup(request, [&](BatchAnswer answer) {
    told.push_back(answer.key + ": " +
                   (answer.found.ok()
                        ? answer.found->value()
                        : FailureOf(answer.found.status()).reason));
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(told, ElementsAre("b: B", "a: ALL_SOURCES_FAILED"));
}

TEST(Client, ABatchRefusedAsAWholeIsTriedAgain) {
  FakeLookupServer server;
  server.batch = [](int call, const auto&, auto& answers) {
    if (call == 1) return ToGrpc({.retry_after = milliseconds(1)});
    answers = TwoAnswers();
    return grpc::Status::OK;
  };
  Client client(Quick(server));
  int told = 0;
  EXPECT_TRUE(client
                  .BatchLookup(v1::BatchLookupRequest(),
                               [&](const BatchAnswer&) { ++told; })
                  .ok());
  EXPECT_EQ(told, 2);
  EXPECT_EQ(server.events().size(), 2);
}

TEST(Client, ABatchThatEndsHalfwayIsNotTriedAgain) {
  FakeLookupServer server;
  server.batch = [](int, const auto&, auto& answers) {
    answers = TwoAnswers();
    return ToGrpc({.reason = "DRAINING", .retry_after = milliseconds(1)});
  };
  Client client(Quick(server));
  int told = 0;
  const auto status = client.BatchLookup(v1::BatchLookupRequest(),
                                         [&](const BatchAnswer&) { ++told; });
  EXPECT_EQ(FailureOf(status).reason, "DRAINING");
  EXPECT_EQ(told, 2);
  EXPECT_EQ(server.events().size(), 1);
}

TEST(Client, AResponseAboveTheLimitIsRefused) {
  FakeLookupServer server;
  server.lookup = [](int, const auto&, auto& response) {
    response.set_value(std::string(2000, 'x'));
    return grpc::Status::OK;
  };
  Client client({.address = server.address(), .max_message = 1000});
  EXPECT_TRUE(absl::IsResourceExhausted(client.Lookup(Ask("k")).status()));
}

TEST(AdminClient, TablesAndSourcesAreListed) {
  FakeLookupServer server;
  server.tables.add_tables()->set_name("unicode");
  server.sources.add_sources()->set_name("names");
  AdminClient admin({.address = server.address()});
  const auto tables = admin.ListTables();
  ASSERT_TRUE(tables.ok()) << tables.status();
  EXPECT_EQ(tables->tables(0).name(), "unicode");
  const auto sources = admin.ListSources();
  ASSERT_TRUE(sources.ok()) << sources.status();
  EXPECT_EQ(sources->sources(0).name(), "names");
}

TEST(AdminClient, NobodyListeningIsUnavailable) {
  std::string address;
  {
    const FakeLookupServer gone;
    address = gone.address();
  }
  EXPECT_TRUE(absl::IsUnavailable(
      AdminClient({.address = address}).ListTables().status()));
}

}  // namespace
}  // namespace frontrunner
