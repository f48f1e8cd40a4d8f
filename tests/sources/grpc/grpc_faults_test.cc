#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "tests/fakes/fake_source.h"
#include "tests/sources/grpc/backend.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kAnyPort[] = "127.0.0.1:0";

void Answer(ServerCall& call) { call.Finish(ValueReply("v")); }

// An address at which nobody listens.
std::string DeadTarget() {
  Backend backend(kAnyPort, Answer);
  return backend.target();
}

TEST(GrpcFaults, Fault34_UnavailableIsReportedTruly) {
  Backend backend(kAnyPort, [](ServerCall& call) {
    call.Finish({.code = absl::StatusCode::kUnavailable, .message = "resting"});
  });
  SourceRig rig(ChannelTo(backend.target()));
  EXPECT_EQ(
      rig.Ask(TextQuery("k")).status(),
      absl::UnavailableError(absl::StrCat(backend.target(), ": resting")));
}

TEST(GrpcFaults, Fault34_ABackendThatRefusesConnectionsIsUnavailable) {
  const std::string target = DeadTarget();
  SourceRig rig(ChannelTo(target));
  // It may still be opening: then it waits for the attempt, which fails.
  const Outcome outcome = rig.Ask(TextQuery("k"));
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr(target));
  EXPECT_TRUE(rig.WaitFor(Connectivity::kDisconnected));
  EXPECT_EQ(rig.Ask(TextQuery("k")).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(GrpcFaults, Fault34_ABackendThatDiesFailsTheCallsUnderWay) {
  Mailbox<ServerCall*> calls;
  std::optional<Backend> backend;
  backend.emplace(kAnyPort, [&](ServerCall& call) {
    call.OnCancel(
        [&call] { call.Finish({.code = absl::StatusCode::kCancelled}); });
    calls.Put(&call);
  });
  SourceRig rig(ChannelTo(backend->target()));
  rig.Start(TextQuery("k"));
  ASSERT_TRUE(calls.Take().has_value());
  EXPECT_EQ(rig.outcomes().size(), 0U);
  backend.reset();
  EXPECT_FALSE(rig.outcomes().Take().value().ok());
  EXPECT_TRUE(rig.WaitFor(Connectivity::kDisconnected));
}

TEST(GrpcFaults, Fault35_ASuccessAfterTheAttemptHasGoneIsDropped) {
  Mailbox<ServerCall*> calls;
  Backend backend(kAnyPort, [&](ServerCall& call) { calls.Put(&call); });
  SourceRig rig(ChannelTo(backend.target()));
  // The answer comes while the loop is busy; then another entrant has won. Now
  // and then the cancellation overtakes the answer, so that there is none; or
  // the count comes after the next round has begun.
  for (int i = 0; i < 100 && rig.counters().late_results == 0; ++i) {
    const size_t attempt = rig.Start(TextQuery("k"));
    ServerCall* call = calls.Take().value();
    rig.RunOnLoop([&] {
      call->Finish(ValueReply("late"));
      std::this_thread::sleep_for(milliseconds(i));
      rig.Cancel(attempt);
    });
    rig.RunOnLoop([] {});
    EXPECT_TRUE(WaitUntilNoCalls(backend.server()));
  }
  EXPECT_GE(rig.counters().late_results, 1U);
  EXPECT_EQ(rig.counters().cancelled, rig.counters().sent);
  EXPECT_EQ(rig.outcomes().size(), 0U);
}

// A query whose place the test can see, and hear of when it is given back.
struct PlacedQuery {
  explicit PlacedQuery(std::function<void()> given_back = [] {}) {
    query.slot = std::shared_ptr<const void>(
        static_cast<const void*>(this),
        [given_back = std::move(given_back)](const void*) { given_back(); });
    taken = query.slot;
  }
  Query query = TextQuery("k");
  std::weak_ptr<const void> taken;
};

TEST(GrpcFaults, Fault37_ACancelledCallKeepsItsPlaceUntilItHasCompleted) {
  Mailbox<ServerCall*> calls;
  Backend backend(kAnyPort, [&](ServerCall& call) { calls.Put(&call); });
  SourceRig rig(ChannelTo(backend.target()));
  // The first one's place, when it is given back, holds up the queue's thread,
  // so that the second can't complete meanwhile.
  Mailbox<int> entered;
  Mailbox<int> let_out;
  PlacedQuery first([&] {
    entered.Put(0);
    EXPECT_TRUE(let_out.Take());
  });
  rig.Start(first.query);
  first.query = {};
  ServerCall* const first_call = calls.Take().value();
  PlacedQuery second;
  const size_t attempt = rig.Start(second.query);
  second.query = {};
  ServerCall* const second_call = calls.Take().value();
  first_call->Finish(ValueReply("v"));
  ASSERT_TRUE(entered.Take());
  rig.Cancel(attempt);
  EXPECT_FALSE(second.taken.expired());
  let_out.Put(0);
  EXPECT_TRUE(Eventually([&] { return second.taken.expired(); }))
      << "though the backend goes on";
  second_call->Finish(ValueReply("late"));
  EXPECT_TRUE(rig.outcomes().Take().value().ok());
}

TEST(GrpcFaults, Fault37_ACallThatWasNeverSentGivesItsPlaceBackAtOnce) {
  Backend backend(kAnyPort, Answer);
  SourceRig rig(ChannelTo(backend.target()));
  PlacedQuery placed;
  rig.RunOnLoop([&] {
    rig.StartAndCancel(std::exchange(placed.query, {}));
    EXPECT_TRUE(placed.taken.expired());
  });
}

TEST(GrpcFaults, Fault37_AnAnswerFindsItsPlaceGivenBack) {
  Backend backend(kAnyPort, Answer);
  SourceRig rig(ChannelTo(backend.target()));
  PlacedQuery placed;
  EXPECT_TRUE(rig.Ask(std::exchange(placed.query, {})).ok());
  EXPECT_TRUE(placed.taken.expired()) << "though the attempt is still there";
}

TEST(GrpcFaults, Fault42_ANameThatDoesNotResolveIsUnavailableSoon) {
  SourceRig rig(ChannelTo("dns:///no-such-name.invalid:50051"));
  const TimePoint before = std::chrono::steady_clock::now();
  const Outcome outcome = rig.Ask(TextQuery("k"));
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kUnavailable)
      << outcome.status();
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("no-such-name.invalid"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
  EXPECT_TRUE(rig.WaitFor(Connectivity::kDisconnected));
}

TEST(GrpcFaults, Fault42_ABackendThatMovesToAnotherOfItsAddressesIsFound) {
  std::optional<Backend> first;
  first.emplace(kAnyPort,
                [](ServerCall& call) { call.Finish(ValueReply("first")); });
  const std::string other = DeadTarget();
  SourceRig rig(ChannelTo(absl::StrCat("ipv4:", first->target(), ",", other)));
  EXPECT_EQ(*rig.Ask(TextQuery("k"))->bytes, "first");
  first.reset();
  Backend second(other,
                 [](ServerCall& call) { call.Finish(ValueReply("second")); });
  const Outcome outcome = rig.AskUntilAnswered(TextQuery("k"));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome->bytes, "second");
}

TEST(GrpcFaults, ABackendThatIsRestartedIsConnectedAgain) {
  TemporaryFolder folder;
  const std::string address = "unix:" + folder.path() + "/b.sock";
  std::optional<Backend> backend;
  backend.emplace(address, Answer);
  SourceRig rig(ChannelTo(address));
  ASSERT_TRUE(rig.Ask(TextQuery("k")).ok());
  EXPECT_EQ(rig.connectivity(), Connectivity::kConnected);
  for (int i = 0; i < 3; ++i) {
    backend.reset();
    ASSERT_TRUE(rig.WaitFor(Connectivity::kDisconnected));
    EXPECT_EQ(rig.Ask(TextQuery("k")).status().code(),
              absl::StatusCode::kUnavailable);
    backend.emplace(address, Answer);
    // Without anybody asking.
    ASSERT_TRUE(rig.WaitFor(Connectivity::kConnected));
    EXPECT_TRUE(rig.Ask(TextQuery("k")).ok());
  }
}

TEST(GrpcFaults, ATargetThatIsRefusedAtStartIsConnectedWhenItAppears) {
  TemporaryFolder folder;
  const std::string address = "unix:" + folder.path() + "/b.sock";
  SourceRig rig(ChannelTo(address));
  Mailbox<Connectivity> opened;
  rig.WhenOpened([&] { opened.Put(rig.connectivity()); });
  EXPECT_EQ(opened.Take(), Connectivity::kDisconnected);
  Backend backend(address, Answer);
  EXPECT_TRUE(rig.WaitFor(Connectivity::kConnected));
  EXPECT_TRUE(rig.Ask(TextQuery("k")).ok());
}

TEST(GrpcFaults, CallsWaitForTheFirstConnectionAttempt) {
  Backend backend(kAnyPort, Answer);
  SourceRig rig(ChannelTo(backend.target()));
  Mailbox<Connectivity> opened;
  rig.WhenOpened([&] { opened.Put(rig.connectivity()); });
  EXPECT_TRUE(rig.Ask(TextQuery("k")).ok());
  EXPECT_EQ(opened.Take(), Connectivity::kConnected);
}

TEST(GrpcFaults, ATargetThatNeverAnswersIsDisconnectedAfterItsTimeout) {
  // The kernel accepts for it, and nothing is ever said.
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(fd, generic, length), 0);
  ASSERT_EQ(::listen(fd, 16), 0);
  ASSERT_EQ(::getsockname(fd, generic, &length), 0);
  GrpcChannel::Settings settings =
      ChannelTo(absl::StrCat("127.0.0.1:", ntohs(address.sin_port)));
  settings.connect_timeout = milliseconds(200);
  {
    SourceRig rig(std::move(settings));
    EXPECT_EQ(rig.connectivity(), Connectivity::kOpening);
    EXPECT_EQ(rig.Ask(TextQuery("k")).status().code(),
              absl::StatusCode::kUnavailable);
    EXPECT_TRUE(rig.WaitFor(Connectivity::kDisconnected));
  }
  ::close(fd);
}

TEST(GrpcFaults, NobodyIsToldWhenTheSourceGoesWhileItOpens) {
  SourceRig rig(ChannelTo("dns:///no-such-name.invalid:50051"));
  std::atomic<int> told{0};
  rig.RunOnLoop([&] {
    rig.WhenOpened([&] { ++told; });
    rig.DestroySource();
  });
  EXPECT_TRUE(rig.queue().Stop(std::chrono::steady_clock::now() + kPatience));
  rig.RunOnLoop([] {});
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace frontrunner
