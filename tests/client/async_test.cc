#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tests/client/fake_lookup_server.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using Answer = absl::StatusOr<v1::LookupResponse>;

// Answers as they come, from any thread.
class Answers {
 public:
  Client::LookupDone Expect() {
    return [this](Answer answer) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      changed_.notify_all();
    };
  }

  bool WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10),
                             [&] { return answers_.size() >= count; });
  }

  std::vector<Answer> all() {
    const std::lock_guard lock(mutex_);
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;
};

Client::Settings Quick(const FakeLookupServer& server) {
  return {.address = server.address(),
          .retry = {.initial = milliseconds(1), .max = milliseconds(2)}};
}

grpc::Status Found(int /*call*/, const v1::LookupRequest& /*request*/,
                   v1::LookupResponse& response) {
  response.set_value("found");
  return grpc::Status::OK;
}

TEST(ClientAsync, TheAnswerComesToTheCallback) {
  FakeLookupServer server;
  server.lookup = Found;
  Answers answers;
  Client client(Quick(server));
  const auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  ASSERT_TRUE(answers.WaitFor(1));
  ASSERT_TRUE(answers.all()[0].ok()) << answers.all()[0].status();
  EXPECT_EQ(answers.all()[0]->value(), "found");
}

TEST(ClientAsync, ItIsTriedAgainWhereTheServerAllowsIt) {
  FakeLookupServer server;
  server.lookup = [](int call, const auto& request, auto& response) {
    return call < 3 ? ToGrpc({.retry_after = milliseconds(1)})
                    : Found(call, request, response);
  };
  Answers answers;
  Client client(Quick(server));
  const auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  ASSERT_TRUE(answers.WaitFor(1));
  EXPECT_TRUE(answers.all()[0].ok());
  EXPECT_EQ(server.events().size(), 3);
}

TEST(ClientAsync, ItIsNotTriedAgainWithoutRetryInfo) {
  FakeLookupServer server;
  server.lookup = [](int, const auto&, auto&) {
    return ToGrpc({.reason = "UNKNOWN_TABLE"});
  };
  Answers answers;
  Client client(Quick(server));
  const auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  ASSERT_TRUE(answers.WaitFor(1));
  EXPECT_EQ(FailureOf(answers.all()[0].status()).reason, "UNKNOWN_TABLE");
  EXPECT_THAT(server.events(), ElementsAre("Lookup"));
}

TEST(ClientAsync, DestroyingTheCallCancelsItAtTheServer) {
  FakeLookupServer server;
  server.Hold();
  Answers answers;
  Client client(Quick(server));
  auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  ASSERT_TRUE(server.WaitForEvents(1));
  EXPECT_TRUE(answers.all().empty());
  call.reset();
  ASSERT_TRUE(answers.WaitFor(1));
  EXPECT_TRUE(absl::IsCancelled(answers.all()[0].status()));
  ASSERT_TRUE(server.WaitForEvents(2));
  EXPECT_THAT(server.events(), ElementsAre("Lookup", "Lookup cancelled"));
}

TEST(ClientAsync, CancellingWhileWaitingForARetryEndsTheWait) {
  FakeLookupServer server;
  server.lookup = [](int, const auto&, auto&) {
    return ToGrpc({.retry_after = seconds(600)});
  };
  Answers answers;
  Client client({.address = server.address(), .deadline = seconds(3000)});
  auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  ASSERT_TRUE(server.WaitForEvents(1));
  EXPECT_TRUE(answers.all().empty());
  call.reset();
  ASSERT_TRUE(answers.WaitFor(1));
  EXPECT_TRUE(absl::IsCancelled(answers.all()[0].status()));
  EXPECT_THAT(server.events(), ElementsAre("Lookup"));
}

TEST(ClientAsync, TheDeadlineEndsIt) {
  FakeLookupServer server;
  server.Hold();
  Answers answers;
  Client client(Quick(server));
  const auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect(),
                                       {.deadline = milliseconds(50)});
  ASSERT_TRUE(answers.WaitFor(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(answers.all()[0].status()));
}

TEST(ClientAsync, DestroyingTheClientEndsWhatIsUnderWay) {
  FakeLookupServer server;
  server.Hold();
  Answers answers;
  std::vector<std::unique_ptr<AsyncCall>> calls;
  {
    Client client(Quick(server));
    calls.reserve(20);
    for (int i = 0; i < 20; ++i) {
      calls.push_back(
          client.LookupAsync(v1::LookupRequest(), answers.Expect()));
    }
    EXPECT_TRUE(answers.all().empty());
  }
  ASSERT_EQ(answers.all().size(), 20);
  for (const auto& answer : answers.all()) {
    EXPECT_TRUE(absl::IsCancelled(answer.status()));
  }
}

TEST(ClientAsync, CallsAboveTheBoundAreRefused) {
  FakeLookupServer server;
  server.Hold();
  server.lookup = Found;
  Answers answers;
  Answers refused;
  Client::Settings settings = Quick(server);
  settings.max_pending = 2;
  Client client(settings);
  const auto first = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  const auto second = client.LookupAsync(v1::LookupRequest(), answers.Expect());
  const auto third = client.LookupAsync(v1::LookupRequest(), refused.Expect());
  ASSERT_TRUE(refused.WaitFor(1));
  EXPECT_TRUE(absl::IsResourceExhausted(refused.all()[0].status()));
  EXPECT_TRUE(answers.all().empty());
  server.Release();
  EXPECT_TRUE(answers.WaitFor(2));
}

TEST(ClientAsync, ManyCallsFromManyThreadsAreAllAnswered) {
  FakeLookupServer server;
  server.lookup = Found;
  Answers answers;
  Client client(Quick(server));
  std::mutex mutex;
  std::vector<std::unique_ptr<AsyncCall>> calls;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        auto call = client.LookupAsync(v1::LookupRequest(), answers.Expect());
        const std::lock_guard lock(mutex);
        calls.push_back(std::move(call));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(answers.WaitFor(400));
  for (const auto& answer : answers.all()) EXPECT_TRUE(answer.ok());
}

}  // namespace
}  // namespace frontrunner
