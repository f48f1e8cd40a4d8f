#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/rpc/edge_server.h"
#include "tests/rpc/raw_client.h"

namespace frontrunner {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr char kMethod[] = "/test.Service/Unary";

class GrpcEdgeCancel : public ::testing::Test {
 protected:
  void Serve(std::function<void(ServerCall&)> handle) {
    handler_ = std::make_unique<FunctionHandler>(std::move(handle));
    server_ = std::make_unique<GrpcServer>(LoopbackSettings());
    const absl::Status status =
        server_->Start({{.method = kMethod, .handler = handler_.get()}});
    ASSERT_TRUE(status.ok()) << status;
    client_ = std::make_unique<RawClient>(TargetOf(*server_));
  }

  std::unique_ptr<FunctionHandler> handler_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(GrpcEdgeCancel, ACancelledCallIsToldAndStillOwedFinish) {
  Mailbox<ServerCall*> calls;
  Mailbox<int> cancels;
  Serve([&](ServerCall& call) {
    call.OnCancel([&] { cancels.Put(1); });
    calls.Put(&call);
  });
  auto client_call = client_->Start(kMethod, "still there");
  ServerCall* call = calls.Take().value();
  EXPECT_EQ(cancels.size(), 0U);
  client_call->Cancel();
  ASSERT_TRUE(cancels.Take().has_value());
  EXPECT_EQ(client_call->Wait().code, grpc::CANCELLED);
  // Whatever the handler may still want is there until Finish.
  EXPECT_EQ(server_->open_calls(), 1);
  EXPECT_EQ(call->request(), "still there");
  EXPECT_EQ(call->peer(), Peer::kLoopback);
  call->Finish({.code = absl::StatusCode::kCancelled});
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
  EXPECT_EQ(cancels.size(), 0U);
}

TEST_F(GrpcEdgeCancel, ADeadlineThatPassesIsACancellation) {
  Mailbox<ServerCall*> calls;
  Mailbox<int> cancels;
  Serve([&](ServerCall& call) {
    call.OnCancel([&] { cancels.Put(1); });
    calls.Put(&call);
  });
  EXPECT_EQ(client_->Call(kMethod, "", {.timeout = milliseconds(50)}).code,
            grpc::DEADLINE_EXCEEDED);
  ServerCall* call = calls.Take().value();
  EXPECT_TRUE(cancels.Take().has_value());
  call->Finish({.code = absl::StatusCode::kDeadlineExceeded});
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdgeCancel, ALostConnectionIsACancellation) {
  Mailbox<ServerCall*> calls;
  Mailbox<int> cancels;
  Serve([&](ServerCall& call) {
    call.OnCancel([&] { cancels.Put(1); });
    calls.Put(&call);
  });
  auto client_call = client_->Start(kMethod, "");
  ServerCall* call = calls.Take().value();
  client_call.reset();
  client_.reset();
  EXPECT_TRUE(cancels.Take().has_value());
  call->Finish({.code = absl::StatusCode::kCancelled});
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdgeCancel, AnAnsweredCallIsNeverToldOfACancellation) {
  std::atomic<int> cancels{0};
  Serve([&](ServerCall& call) {
    call.OnCancel([&] { ++cancels; });
    call.Finish({.response = "done"});
  });
  for (int i = 0; i < 200; ++i) {
    auto call = client_->Start(kMethod, "");
    if (i % 2 == 0) call->Wait();
    call->Cancel();
  }
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
  EXPECT_EQ(cancels, 0);
}

TEST_F(GrpcEdgeCancel, WhatTheCallbackOwnsGoesWithTheCall) {
  auto owned = std::make_shared<int>(1);
  Mailbox<ServerCall*> calls;
  Serve([&](ServerCall& call) {
    call.OnCancel([owned] {});
    calls.Put(&call);
  });
  auto client_call = client_->Start(kMethod, "");
  ServerCall* call = calls.Take().value();
  EXPECT_EQ(owned.use_count(), 2);
  call->Finish({.response = "done"});
  EXPECT_EQ(client_call->Wait().code, grpc::OK);
  server_.reset();
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(GrpcEdgeCancel, FinishAndCancellationMayMeetInAnyOrder) {
  constexpr int kCalls = 3000;
  Mailbox<ServerCall*> calls;
  std::atomic<int> handled{0};
  std::atomic<int> twice{0};
  Serve([&](ServerCall& call) {
    ++handled;
    call.OnCancel([&twice, times = 0]() mutable {
      if (++times > 1) ++twice;
    });
    // Last, for the finisher may end the call at once.
    calls.Put(&call);
  });
  std::thread finisher([&] {
    for (int i = 0; ServerCall* call = calls.Take().value_or(nullptr); ++i) {
      if (i % 3 == 0) std::this_thread::sleep_for(microseconds(i % 50));
      call->Finish({.response = "raced"});
    }
  });
  int answered = 0;
  int cancelled = 0;
  for (int i = 0; i < kCalls; ++i) {
    auto call = client_->Start(kMethod, "x");
    if (i % 2 == 0) std::this_thread::sleep_for(microseconds(i % 300));
    call->Cancel();
    const RawResult result = call->Wait();
    answered += result.code == grpc::OK ? 1 : 0;
    cancelled += result.code == grpc::CANCELLED ? 1 : 0;
  }
  EXPECT_EQ(answered + cancelled, kCalls);
  EXPECT_GT(handled, 0);
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
  // What was cancelled may arrive yet, and is owed its Finish, too.
  server_.reset();
  calls.Put(nullptr);
  finisher.join();
  EXPECT_EQ(twice, 0);
}

}  // namespace
}  // namespace frontrunner
