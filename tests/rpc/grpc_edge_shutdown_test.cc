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

TimePoint In(Duration duration) {
  return std::chrono::steady_clock::now() + duration;
}

class GrpcEdgeShutdown : public ::testing::Test {
 protected:
  void Serve(Duration patience = kPatience) {
    GrpcServer::Settings settings = LoopbackSettings();
    settings.patience = patience;
    server_ = std::make_unique<GrpcServer>(std::move(settings));
    const absl::Status status =
        server_->Start({{.method = kMethod, .handler = &handler_}});
    ASSERT_TRUE(status.ok()) << status;
    client_ = std::make_unique<RawClient>(TargetOf(*server_));
  }

  Mailbox<ServerCall*> calls_;
  Mailbox<int> cancels_;
  FunctionHandler handler_{[this](ServerCall& call) {
    call.OnCancel([this] { cancels_.Put(1); });
    calls_.Put(&call);
  }};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(GrpcEdgeShutdown, AServerThatNeverStartedIsDestroyed) {
  server_ = std::make_unique<GrpcServer>(LoopbackSettings());
  EXPECT_EQ(server_->queues(), 2U);
  EXPECT_TRUE(server_->ports().empty());
}

TEST_F(GrpcEdgeShutdown, AnIdleServerShutsDownAtOnce) {
  Serve();
  EXPECT_TRUE(server_->Shutdown(kNever).ok());
  EXPECT_TRUE(server_->Shutdown(kNever).ok()) << "a second time";
}

TEST_F(GrpcEdgeShutdown, CallsUnderWayAreAnsweredBeforeTheDeadline) {
  Serve();
  auto call = client_->Start(kMethod, "");
  ServerCall* accepted = calls_.Take().value();
  Mailbox<absl::Status> over;
  std::thread shutdown([&] { over.Put(server_->Shutdown(In(seconds(60)))); });
  EXPECT_FALSE(over.Take(milliseconds(50)).has_value());
  accepted->Finish({.response = "answered"});
  EXPECT_EQ(call->Wait().response, "answered");
  EXPECT_TRUE(over.Take().value().ok());
  EXPECT_EQ(cancels_.size(), 0U);
  shutdown.join();
  EXPECT_EQ(client_->Call(kMethod, "").code, grpc::UNAVAILABLE);
}

TEST_F(GrpcEdgeShutdown, CallsOpenAtTheDeadlineAreCancelledAndOwedFinish) {
  Serve();
  auto call = client_->Start(kMethod, "");
  ServerCall* accepted = calls_.Take().value();
  Mailbox<absl::Status> over;
  std::thread shutdown(
      [&] { over.Put(server_->Shutdown(In(milliseconds(20)))); });
  EXPECT_TRUE(cancels_.Take().has_value());
  EXPECT_EQ(over.size(), 0U);
  accepted->Finish({.code = absl::StatusCode::kUnavailable});
  EXPECT_TRUE(over.Take().value().ok());
  shutdown.join();
  EXPECT_NE(call->Wait().code, grpc::OK);
}

TEST_F(GrpcEdgeShutdown, TheWatchdogNamesCallsThatAreNeverFinished) {
  Serve(milliseconds(100));
  auto call = client_->Start(kMethod, "");
  ServerCall* accepted = calls_.Take().value();
  const absl::Status status = server_->Shutdown(In(milliseconds(20)));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 calls"));
  // It can still be put right.
  accepted->Finish({.code = absl::StatusCode::kCancelled});
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
  EXPECT_TRUE(server_->Shutdown(In(kPatience)).ok());
}

TEST_F(GrpcEdgeShutdown, QueuesArePolledForClientsUntilTheServerGoes) {
  Serve();
  PolledQueue& queue = server_->queue(0);
  EXPECT_TRUE(queue.Begin());
  EXPECT_TRUE(server_->Shutdown(kNever).ok());
  EXPECT_TRUE(queue.Begin());
  queue.End();
  Mailbox<int> gone;
  std::thread destroyer([&] {
    server_.reset();
    gone.Put(1);
  });
  EXPECT_FALSE(gone.Take(milliseconds(50)).has_value());
  queue.End();
  EXPECT_TRUE(gone.Take().has_value());
  destroyer.join();
}

TEST_F(GrpcEdgeShutdown, TheDestructorCancelsWhatIsOpen) {
  Serve();
  auto call = client_->Start(kMethod, "");
  ServerCall* accepted = calls_.Take().value();
  std::thread finisher([&] {
    EXPECT_TRUE(cancels_.Take().has_value());
    accepted->Finish({.code = absl::StatusCode::kCancelled});
  });
  server_.reset();
  finisher.join();
  EXPECT_NE(call->Wait().code, grpc::OK);
}

TEST(PolledQueue, RefusesToBeginWhenItIsClosing) {
  auto queue = PolledQueue::ForClients();
  EXPECT_TRUE(queue->Begin());
  queue->Close();
  EXPECT_FALSE(queue->Begin());
  EXPECT_FALSE(queue->Stop(In(milliseconds(10)))) << "one is under way";
  queue->End();
  EXPECT_TRUE(queue->Stop(In(kPatience)));
  EXPECT_TRUE(queue->Stop(In(kPatience))) << "a second time";
}

TEST(PolledQueue, ATaskRunsOnTheQueuesOwnThread) {
  auto queue = PolledQueue::ForClients();
  Mailbox<std::thread::id> ran;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(queue->Post([&] { ran.Put(std::this_thread::get_id()); }));
  }
  const std::thread::id thread = ran.Take().value();
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(ran.Take(), thread);
  EXPECT_TRUE(queue->Stop(In(kPatience)));
}

TEST(PolledQueue, ATaskMayPostAnother) {
  auto queue = PolledQueue::ForClients();
  Mailbox<int> ran;
  ASSERT_TRUE(queue->Post([&] {
    EXPECT_TRUE(queue->Post([&] { ran.Put(2); }));
    ran.Put(1);
  }));
  EXPECT_EQ(ran.Take(), 1);
  EXPECT_EQ(ran.Take(), 2);
  EXPECT_TRUE(queue->Stop(In(kPatience)));
}

TEST(PolledQueue, WhatWasPostedBeforeItClosedRunsAndNothingAfterwards) {
  auto queue = PolledQueue::ForClients();
  std::atomic<int> ran = 0;
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(queue->Post([&] { ++ran; }));
  queue->Close();
  EXPECT_FALSE(queue->Post([&] { ++ran; }));
  EXPECT_TRUE(queue->Stop(In(kPatience)));
  EXPECT_EQ(ran, 1'000);
}

}  // namespace
}  // namespace frontrunner
