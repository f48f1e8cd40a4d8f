#include "server/sources/grpc/grpc_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>

#include "frontrunner/v1/lookup.pb.h"
#include "tests/fakes/fake_source.h"
#include "tests/sources/grpc/backend.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kAnyPort[] = "127.0.0.1:0";

void AnswerWithTheKey(ServerCall& call) {
  v1::LookupRequest request;
  EXPECT_TRUE(request.ParseFromString(std::string(call.request())));
  call.Finish(ValueReply(absl::StrCat("value of ", request.key())));
}

TEST(GrpcChannel, AsksARealBackend) {
  std::string hops;
  TimePoint deadline;
  Backend backend(kAnyPort, [&](ServerCall& call) {
    hops = std::string(call.metadata("frontrunner-hops").value_or(""));
    deadline = call.deadline();
    AnswerWithTheKey(call);
  });
  SourceRig rig(ChannelTo(backend.target()));
  Query query = TextQuery("flag");
  query.deadline = std::chrono::steady_clock::now() + seconds(50);
  const Outcome outcome = rig.Ask(query);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome->bytes, "value of flag");
  EXPECT_EQ(hops, "1");
  EXPECT_GT(deadline, std::chrono::steady_clock::now() + seconds(40));
  EXPECT_LT(deadline, std::chrono::steady_clock::now() + seconds(60));
}

TEST(GrpcChannel, AsksOverAUnixSocketAndWithoutADeadline) {
  TemporaryFolder folder;
  TimePoint deadline{};
  Backend backend("unix:" + folder.path() + "/b.sock", [&](ServerCall& call) {
    deadline = call.deadline();
    AnswerWithTheKey(call);
  });
  SourceRig rig(ChannelTo(backend.target()));
  EXPECT_TRUE(rig.Ask(TextQuery("k")).ok());
  EXPECT_EQ(deadline, kNever);
}

TEST(GrpcChannel, AMethodThatWasNotRegisteredWorksToo) {
  Backend backend(kAnyPort, AnswerWithTheKey);
  GrpcChannel::Settings settings = ChannelTo(backend.target());
  settings.methods = {"/other.Service/Method"};
  SourceRig rig(std::move(settings));
  EXPECT_TRUE(rig.Ask(TextQuery("k")).ok());
}

TEST(GrpcChannel, ManyCallsGoOverSeveralConnections) {
  Mailbox<ServerCall*> calls;
  Backend backend(kAnyPort, [&](ServerCall& call) { calls.Put(&call); });
  GrpcChannel::Settings settings = ChannelTo(backend.target());
  settings.connections = 3;
  SourceRig rig(std::move(settings));
  ASSERT_TRUE(rig.WaitFor(Connectivity::kConnected));
  for (int i = 0; i < 300; ++i) rig.Start(TextQuery(absl::StrCat(i)));
  for (int i = 0; i < 300; ++i) {
    calls.Take().value()->Finish(ValueReply("v"));
  }
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(rig.outcomes().Take()->ok());
  EXPECT_EQ(rig.counters().sent, 300U);
}

TEST(GrpcChannel, AMissIsNotFound) {
  Backend backend(kAnyPort, [](ServerCall& call) {
    call.Finish({.code = absl::StatusCode::kNotFound, .message = "no key"});
  });
  SourceRig rig(ChannelTo(backend.target()));
  EXPECT_EQ(rig.Ask(TextQuery("k")).status(),
            absl::NotFoundError(absl::StrCat(backend.target(), ": no key")));
}

TEST(GrpcChannel, AResponseAboveTheLimitIsResourceExhausted) {
  Backend backend(kAnyPort, [](ServerCall& call) {
    call.Finish(ValueReply(std::string(100'000, 'x')));
  });
  GrpcChannel::Settings settings = ChannelTo(backend.target());
  settings.max_receive = 1000;
  SourceRig rig(std::move(settings));
  EXPECT_EQ(rig.Ask(TextQuery("k")).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(GrpcChannel, ACallCancelledInItsTurnIsNeverSent) {
  std::atomic<int> asked{0};
  Backend backend(kAnyPort, [&](ServerCall& call) {
    ++asked;
    AnswerWithTheKey(call);
  });
  SourceRig rig(ChannelTo(backend.target()));
  ASSERT_TRUE(rig.WaitFor(Connectivity::kConnected));
  for (int i = 0; i < 10; ++i) rig.StartAndCancel(TextQuery("k"));
  EXPECT_TRUE(rig.Ask(TextQuery("k")).ok());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(rig.counters().never_sent, 10U);
  EXPECT_EQ(rig.counters().sent, 1U);
  EXPECT_EQ(rig.counters().cancelled, 0U);
}

TEST(GrpcChannel, Fault15_CancellingReachesTheBackend) {
  Mailbox<ServerCall*> calls;
  Mailbox<int> cancels;
  Backend backend(kAnyPort, [&](ServerCall& call) {
    call.OnCancel([&] { cancels.Put(1); });
    calls.Put(&call);
  });
  SourceRig rig(ChannelTo(backend.target()));
  const size_t attempt = rig.Start(TextQuery("k"));
  ServerCall* call = calls.Take().value();
  EXPECT_EQ(cancels.size(), 0U);
  rig.Cancel(attempt);
  EXPECT_TRUE(cancels.Take().has_value());
  call->Finish({.code = absl::StatusCode::kCancelled});
  EXPECT_EQ(rig.counters().cancelled, 1U);
  EXPECT_EQ(rig.outcomes().size(), 0U);
}

TEST(GrpcChannel, TheBackendSeesTheDeadlinePass) {
  Mailbox<ServerCall*> calls;
  Mailbox<int> cancels;
  Backend backend(kAnyPort, [&](ServerCall& call) {
    call.OnCancel([&] { cancels.Put(1); });
    calls.Put(&call);
  });
  SourceRig rig(ChannelTo(backend.target()));
  ASSERT_TRUE(rig.WaitFor(Connectivity::kConnected));
  Query query = TextQuery("k");
  query.deadline = std::chrono::steady_clock::now() + milliseconds(100);
  EXPECT_EQ(rig.Ask(query).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(cancels.Take().has_value());
  calls.Take().value()->Finish({.code = absl::StatusCode::kCancelled});
}

TEST(GrpcChannel, TheSourceMayGoBeforeItsAttempts) {
  Mailbox<ServerCall*> calls;
  Backend backend(kAnyPort, [&](ServerCall& call) { calls.Put(&call); });
  SourceRig rig(ChannelTo(backend.target()));
  rig.Start(TextQuery("k"));
  ServerCall* call = calls.Take().value();
  rig.DestroySource();
  call->Finish(ValueReply("still"));
  EXPECT_EQ(*rig.outcomes().Take().value()->bytes, "still");
}

TEST(GrpcChannel, ItsQueueRunsDrySoonAfterItHasGone) {
  Backend backend(kAnyPort, AnswerWithTheKey);
  SourceRig rig(ChannelTo(backend.target()));
  ASSERT_TRUE(rig.Ask(TextQuery("k")).ok());
  rig.Cancel(0);
  rig.DestroySource();
  EXPECT_TRUE(rig.queue().Stop(std::chrono::steady_clock::now() + seconds(1)));
}

TEST(GrpcChannel, ACallOnAClosingQueueIsUnavailable) {
  Backend backend(kAnyPort, AnswerWithTheKey);
  SourceRig rig(ChannelTo(backend.target()));
  ASSERT_TRUE(rig.Ask(TextQuery("k")).ok());
  rig.queue().Close();
  EXPECT_EQ(rig.Ask(TextQuery("k")).status().code(),
            absl::StatusCode::kUnavailable);
}

// Starts and cancels at every moment of a call's life.
TEST(GrpcChannel, CancellingAtAnyMomentHarmsNoOtherCall) {
  Backend backend(kAnyPort, AnswerWithTheKey);
  SourceRig rig(ChannelTo(backend.target()));
  ASSERT_TRUE(rig.WaitFor(Connectivity::kConnected));
  for (int i = 0; i < 500; ++i) {
    const size_t stays = rig.Start(TextQuery("stays"));
    const size_t goes = rig.Start(TextQuery("goes"));
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::microseconds(i);
    while (std::chrono::steady_clock::now() < until) {
    }
    rig.Cancel(goes);
    // Both may have been answered before the cancellation.
    bool answered = false;
    while (!answered) {
      const auto outcome = rig.outcomes().Take();
      ASSERT_TRUE(outcome.has_value() && outcome->ok())
          << (outcome ? outcome->status() : absl::UnknownError("none"));
      answered = *(*outcome)->bytes == "value of stays";
    }
    rig.Cancel(stays);
    while (rig.outcomes().size() > 0) rig.outcomes().Take();
  }
}

}  // namespace
}  // namespace frontrunner
