#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
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
  void Serve(Duration patience = kPatience, Duration goodbye = seconds(1)) {
    GrpcServer::Settings settings = LoopbackSettings();
    settings.patience = patience;
    settings.goodbye = goodbye;
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

// A caller who never hears GOAWAY, since it reads nothing.
class DeafCaller {
 public:
  explicit DeafCaller(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(
        ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
        0);
    // The client's preface, and SETTINGS without any (RFC 9113, 3.4).
    const std::string hello(
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    EXPECT_EQ(::send(fd_, hello.data(), hello.size(), MSG_NOSIGNAL), 33);
    // The server has greeted too: the connection is one.
    char first = 0;
    EXPECT_EQ(::recv(fd_, &first, 1, 0), 1);
  }
  ~DeafCaller() { ::close(fd_); }
  DeafCaller(const DeafCaller&) = delete;
  DeafCaller& operator=(const DeafCaller&) = delete;

 private:
  const int fd_;
};

TEST_F(GrpcEdgeShutdown, ACallerWhoKeepsItsConnectionDoesNotHoldItUp) {
  Serve();
  const DeafCaller deaf(server_->ports().front());
  std::promise<bool> over;
  std::thread stopper([&] { over.set_value(server_->Shutdown(kNever).ok()); });
  std::future<bool> ended = over.get_future();
  EXPECT_EQ(ended.wait_for(kPatience), std::future_status::ready);
  stopper.join();
  EXPECT_TRUE(ended.get());
}

TEST_F(GrpcEdgeShutdown, NoConnectionIsClosedWhileItHasACall) {
  Serve(kPatience, milliseconds(20));
  auto call = client_->Start(kMethod, "");
  ServerCall* accepted = calls_.Take().value();
  Mailbox<bool> over;
  std::thread stopper([&] { over.Put(server_->Shutdown(kNever).ok()); });
  EXPECT_FALSE(over.Take(milliseconds(100)).has_value());
  EXPECT_EQ(cancels_.size(), 0U);
  accepted->Finish({});
  EXPECT_EQ(over.Take(), true);
  stopper.join();
  EXPECT_EQ(call->Wait().code, grpc::OK);
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
