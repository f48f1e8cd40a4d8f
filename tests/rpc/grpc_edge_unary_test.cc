#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/rpc/edge_server.h"
#include "tests/rpc/raw_client.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kMethod[] = "/test.Service/Unary";

Reply Answer(std::string response) { return {.response = std::move(response)}; }

// A server with one unary method, and a client of it.
class GrpcEdge : public ::testing::Test {
 protected:
  void Serve(std::function<void(ServerCall&)> handle,
             GrpcServer::Settings settings = LoopbackSettings()) {
    handler_ = std::make_unique<FunctionHandler>(std::move(handle));
    server_ = std::make_unique<GrpcServer>(std::move(settings));
    const absl::Status status =
        server_->Start({{.method = kMethod, .handler = handler_.get()}});
    ASSERT_TRUE(status.ok()) << status;
    client_ = std::make_unique<RawClient>(TargetOf(*server_));
  }

  std::unique_ptr<FunctionHandler> handler_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(GrpcEdge, AnswersBytesWithBytes) {
  Serve([](ServerCall& call) {
    call.Finish(Answer(absl::StrCat("got ", std::string(call.request()))));
  });
  const RawResult result = client_->Call(kMethod, std::string("a\0b", 3));
  EXPECT_EQ(result.code, grpc::OK) << result.message;
  EXPECT_EQ(result.response, std::string("got a\0b", 7));
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdge, AnswersAnEmptyMessageWithAnEmptyMessage) {
  Serve([](ServerCall& call) {
    EXPECT_EQ(call.request(), "");
    call.Finish(Answer(""));
  });
  const RawResult result = client_->Call(kMethod, "");
  EXPECT_EQ(result.code, grpc::OK) << result.message;
  EXPECT_EQ(result.response, "");
}

TEST_F(GrpcEdge, CarriesLargeMessagesUnchanged) {
  Serve([](ServerCall& call) {
    call.Finish(Answer(std::string(call.request())));
  });
  for (const size_t size : {4096, 4097, 100'000, 4'000'000}) {
    std::string bytes(size, 'x');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 / 7);
    const RawResult result = client_->Call(kMethod, bytes);
    EXPECT_EQ(result.code, grpc::OK) << result.message;
    EXPECT_TRUE(result.response == bytes) << size;
  }
}

TEST_F(GrpcEdge, ReadsACompressedMessage) {
  Serve([](ServerCall& call) {
    call.Finish(Answer(std::string(call.request())));
  });
  grpc::ChannelArguments arguments;
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  RawClient client(TargetOf(*server_), arguments);
  const std::string bytes(50'000, 'z');
  EXPECT_TRUE(client.Call(kMethod, bytes).response == bytes);
}

TEST_F(GrpcEdge, AFailureCarriesCodeMessageAndDetails) {
  Serve([](ServerCall& call) {
    call.Finish({.response = "not sent",
                 .code = absl::StatusCode::kNotFound,
                 .message = "no such key",
                 .details = std::string("\0\1binary", 8)});
  });
  const RawResult result = client_->Call(kMethod, "key");
  EXPECT_EQ(result.code, grpc::NOT_FOUND);
  EXPECT_EQ(result.message, "no such key");
  EXPECT_EQ(result.details, std::string("\0\1binary", 8));
  EXPECT_EQ(result.response, "");
}

TEST_F(GrpcEdge, TellsMetadataDeadlineAndPeer) {
  const TimePoint before = std::chrono::steady_clock::now();
  TimePoint deadline;
  Peer peer = Peer::kElsewhere;
  std::string first;
  bool absent = false;
  bool authenticated = true;
  Serve([&](ServerCall& call) {
    deadline = call.deadline();
    peer = call.peer();
    first = std::string(call.metadata("frontrunner-hops").value_or(""));
    absent = !call.metadata("frontrunner-hop").has_value();
    authenticated = call.authenticated();
    call.Finish(Answer(""));
  });
  client_->Call(
      kMethod, "",
      {.timeout = seconds(100),
       .metadata = {{"frontrunner-hops", "3"}, {"frontrunner-hops", "4"}}});
  EXPECT_EQ(first, "3");
  EXPECT_TRUE(absent);
  EXPECT_EQ(peer, Peer::kLoopback);
  EXPECT_FALSE(authenticated);
  // gRPC rounds a timeout on the wire to about a percent.
  EXPECT_GT(deadline, before + seconds(90));
  EXPECT_LT(deadline, before + seconds(115));
}

TEST_F(GrpcEdge, ACallWithoutDeadlineHasNone) {
  TimePoint deadline{};
  Serve([&](ServerCall& call) {
    deadline = call.deadline();
    call.Finish(Answer(""));
  });
  client_->Call(kMethod, "", {.timeout = Duration::max()});
  EXPECT_EQ(deadline, kNever);
}

TEST_F(GrpcEdge, Fault11_AHugeDeadlineIsAtMostAYearAway) {
  TimePoint deadline{};
  Serve([&](ServerCall& call) {
    deadline = call.deadline();
    call.Finish(Answer(""));
  });
  client_->Call(kMethod, "", {.timeout = std::chrono::hours(24 * 365 * 50)});
  const TimePoint now = std::chrono::steady_clock::now();
  EXPECT_LE(deadline, now + std::chrono::hours(24 * 365));
  EXPECT_GT(deadline, now + std::chrono::hours(24 * 364));
}

TEST_F(GrpcEdge, Fault08_AMessageAboveTheLimitIsResourceExhausted) {
  GrpcServer::Settings settings = LoopbackSettings();
  settings.max_message = 1000;
  std::atomic<int> handled{0};
  Serve(
      [&](ServerCall& call) {
        ++handled;
        call.Finish(Answer("fits"));
      },
      settings);
  EXPECT_EQ(client_->Call(kMethod, std::string(1000, 'x')).response, "fits");
  for (const size_t size : {1001, 100'000, 10'000'000}) {
    const RawResult result = client_->Call(kMethod, std::string(size, 'x'));
    EXPECT_EQ(result.code, grpc::RESOURCE_EXHAUSTED) << result.message;
  }
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(client_->Call(kMethod, std::string(1000, 'x')).response, "fits");
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdge, AnUnknownMethodIsUnimplemented) {
  Serve([](ServerCall& call) { call.Finish(Answer("")); });
  EXPECT_EQ(client_->Call("/test.Service/Other", "").code, grpc::UNIMPLEMENTED);
  EXPECT_EQ(client_->Call("/none.Service/Unary", "").code, grpc::UNIMPLEMENTED);
  EXPECT_EQ(client_->Call(kMethod, "").code, grpc::OK);
}

TEST_F(GrpcEdge, FinishMayComeFromAnotherThreadLater) {
  Mailbox<ServerCall*> calls;
  Serve([&](ServerCall& call) { calls.Put(&call); });
  auto call = client_->Start(kMethod, "later");
  ServerCall* accepted = calls.Take().value();
  EXPECT_EQ(server_->open_calls(), 1);
  EXPECT_EQ(accepted->request(), "later");
  std::thread([&] { accepted->Finish(Answer("now")); }).join();
  EXPECT_EQ(call->Wait().response, "now");
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdge, FinishMayComeBeforeHandleReturns) {
  Serve([&](ServerCall& call) {
    std::thread([&] { call.Finish(Answer("at once")); }).join();
    // The call is there until Handle returns.
    std::this_thread::sleep_for(milliseconds(5));
    call.OnCancel([] { ADD_FAILURE() << "was finished before"; });
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client_->Call(kMethod, "").response, "at once");
  }
}

TEST_F(GrpcEdge, AThousandCallsAtOnceAreAllAnswered) {
  GrpcServer::Settings settings = LoopbackSettings();
  settings.posted_calls = 1;
  Mailbox<ServerCall*> calls;
  Serve([&](ServerCall& call) { calls.Put(&call); }, settings);
  std::vector<std::unique_ptr<RawCall>> under_way;
  std::vector<ServerCall*> accepted;
  for (int i = 0; i < 1000; ++i) {
    under_way.push_back(client_->Start(kMethod, absl::StrCat("request ", i)));
  }
  for (int i = 0; i < 1000; ++i) accepted.push_back(calls.Take().value());
  EXPECT_EQ(server_->open_calls(), 1000);
  for (ServerCall* call : accepted) {
    call->Finish(Answer(std::string(call->request())));
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(under_way[i]->Wait().response, absl::StrCat("request ", i));
  }
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdge, AConnectionHasNoMoreStreamsThanItMay) {
  GrpcServer::Settings settings = LoopbackSettings();
  settings.max_concurrent_streams = 2;
  Mailbox<ServerCall*> calls;
  Serve([&](ServerCall& call) { calls.Put(&call); }, settings);
  // The settings of the connection are known once a call has been answered.
  auto first = client_->Start(kMethod, "first");
  calls.Take().value()->Finish(Answer(""));
  first->Wait();
  std::vector<std::unique_ptr<RawCall>> under_way;
  for (int i = 0; i < 3; ++i) under_way.push_back(client_->Start(kMethod, ""));
  ServerCall* one = calls.Take().value();
  ServerCall* two = calls.Take().value();
  EXPECT_FALSE(calls.Take(milliseconds(50)).has_value());
  one->Finish(Answer(""));
  ServerCall* three = calls.Take().value();
  two->Finish(Answer(""));
  three->Finish(Answer(""));
  for (auto& call : under_way) EXPECT_EQ(call->Wait().code, grpc::OK);
}

}  // namespace
}  // namespace frontrunner
