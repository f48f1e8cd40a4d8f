#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "tests/rpc/edge_server.h"
#include "tests/rpc/raw_client.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

constexpr char kMany[] = "/test.Service/Many";
constexpr char kTalk[] = "/test.Service/Talk";

class GrpcEdgeStream : public ::testing::Test {
 protected:
  void Serve(std::function<void(ServerCall&)> many,
             std::function<void(ServerCall&)> talk) {
    many_ = std::make_unique<FunctionHandler>(std::move(many));
    talk_ = std::make_unique<FunctionHandler>(std::move(talk));
    GrpcServer::Settings settings = LoopbackSettings();
    settings.max_message = 1000;
    server_ = std::make_unique<GrpcServer>(std::move(settings));
    const absl::Status status =
        server_->Start({{.method = kMany,
                         .kind = MethodKind::kServerStreaming,
                         .handler = many_.get()},
                        {.method = kTalk,
                         .kind = MethodKind::kBidirectional,
                         .handler = talk_.get()}});
    ASSERT_TRUE(status.ok()) << status;
    client_ = std::make_unique<RawClient>(TargetOf(*server_));
  }

  static void Nothing(ServerCall& call) { call.Finish({}); }

  std::unique_ptr<FunctionHandler> many_;
  std::unique_ptr<FunctionHandler> talk_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<RawClient> client_;
};

// Writes `count` messages one after another, then finishes with `last`.
class Writer : public std::enable_shared_from_this<Writer> {
 public:
  Writer(ServerCall& call, int count, std::string message, Reply last)
      : call_(call),
        count_(count),
        message_(std::move(message)),
        last_(std::move(last)) {}

  void Run() {
    if (written_ == count_) {
      call_.Finish(std::move(last_));
      return;
    }
    call_.Write(message_, [self = shared_from_this()](bool sent) {
      if (!sent) {
        self->call_.Finish({.code = absl::StatusCode::kCancelled});
        return;
      }
      ++self->written_;
      self->Run();
    });
  }

  int written() const { return written_; }

 private:
  ServerCall& call_;
  const int count_;
  const std::string message_;
  Reply last_;
  std::atomic<int> written_{0};
};

TEST_F(GrpcEdgeStream, SendsMessagesInOrderAndThenTheStatus) {
  Serve(
      [](ServerCall& call) {
        EXPECT_EQ(call.request(), "ask");
        call.Write("one", [&call](bool ok) {
          EXPECT_TRUE(ok);
          call.Write("two", [&call](bool sent) {
            EXPECT_TRUE(sent);
            call.Finish({.code = absl::StatusCode::kAborted,
                         .message = "enough",
                         .details = "why"});
          });
        });
      },
      Nothing);
  auto stream = client_->Open(kMany);
  EXPECT_TRUE(stream->Write("ask"));
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_EQ(stream->Read(), "one");
  EXPECT_EQ(stream->Read(), "two");
  EXPECT_EQ(stream->Read(), std::nullopt);
  const RawResult result = stream->Finish();
  EXPECT_EQ(result.code, grpc::ABORTED);
  EXPECT_EQ(result.message, "enough");
  EXPECT_EQ(result.details, "why");
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdgeStream, AnEmptyStreamEndsWell) {
  Serve(Nothing, Nothing);
  auto stream = client_->Open(kMany);
  stream->Write("ask");
  stream->WritesDone();
  EXPECT_EQ(stream->Read(), std::nullopt);
  EXPECT_EQ(stream->Finish().code, grpc::OK);
}

TEST_F(GrpcEdgeStream, ASlowReaderHoldsTheWriterBack) {
  constexpr int kMessages = 2000;
  Mailbox<std::shared_ptr<Writer>> writers;
  Serve(
      [&](ServerCall& call) {
        auto writer = std::make_shared<Writer>(
            call, kMessages, std::string(10'000, 'm'), Reply{});
        writers.Put(writer);
        writer->Run();
      },
      Nothing);
  auto stream = client_->Open(kMany);
  stream->Write("ask");
  stream->WritesDone();
  auto writer = writers.Take().value();
  // It gets as far as the windows of HTTP/2 and the socket let it.
  int before = -1;
  while (before != writer->written()) {
    before = writer->written();
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_LT(writer->written(), kMessages);
  int read = 0;
  while (stream->Read()) ++read;
  EXPECT_EQ(read, kMessages);
  EXPECT_EQ(stream->Finish().code, grpc::OK);
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdgeStream, ACancelledStreamFailsItsWriteAndIsStillOwedFinish) {
  Mailbox<std::shared_ptr<Writer>> writers;
  Mailbox<int> cancels;
  Serve(
      [&](ServerCall& call) {
        call.OnCancel([&] { cancels.Put(1); });
        auto writer = std::make_shared<Writer>(
            call, 1'000'000, std::string(10'000, 'm'), Reply{});
        writers.Put(writer);
        writer->Run();
      },
      Nothing);
  auto stream = client_->Open(kMany);
  stream->Write("ask");
  stream->WritesDone();
  EXPECT_TRUE(stream->Read().has_value());
  stream->Cancel();
  EXPECT_EQ(stream->Finish().code, grpc::CANCELLED);
  // The writer finishes when its write has failed.
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
  EXPECT_LT(writers.Take().value()->written(), 1'000'000);
}

// Answers each message with an echo, and ends with its client.
class Echo : public std::enable_shared_from_this<Echo> {
 public:
  explicit Echo(ServerCall& call) : call_(call) {}

  void Run() {
    call_.Read([self = shared_from_this()](std::optional<std::string> message) {
      if (!message) {
        self->call_.Finish({});
        return;
      }
      self->call_.Write("echo " + *message, [self](bool sent) {
        if (sent) {
          self->Run();
        } else {
          self->call_.Finish({.code = absl::StatusCode::kCancelled});
        }
      });
    });
  }

 private:
  ServerCall& call_;
};

TEST_F(GrpcEdgeStream, TalksBothWays) {
  Serve(Nothing, [](ServerCall& call) { std::make_shared<Echo>(call)->Run(); });
  auto stream = client_->Open(kTalk);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(stream->Write(absl::StrCat("message ", i)));
    EXPECT_EQ(stream->Read(), absl::StrCat("echo message ", i));
  }
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_EQ(stream->Read(), std::nullopt);
  EXPECT_EQ(stream->Finish().code, grpc::OK);
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdgeStream, ACancelledReaderReadsTheEnd) {
  Mailbox<int> cancels;
  Serve(Nothing, [&](ServerCall& call) {
    call.OnCancel([&] { cancels.Put(1); });
    std::make_shared<Echo>(call)->Run();
  });
  auto stream = client_->Open(kTalk);
  stream->Write("hello");
  EXPECT_EQ(stream->Read(), "echo hello");
  stream->Cancel();
  EXPECT_EQ(stream->Finish().code, grpc::CANCELLED);
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

TEST_F(GrpcEdgeStream, Fault08_AStreamedMessageAboveTheLimitEndsTheStream) {
  Serve(Nothing, [](ServerCall& call) { std::make_shared<Echo>(call)->Run(); });
  auto stream = client_->Open(kTalk);
  stream->Write(std::string(5000, 'x'));
  EXPECT_EQ(stream->Read(), std::nullopt);
  EXPECT_EQ(stream->Finish().code, grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(WaitUntilNoCalls(*server_));
}

}  // namespace
}  // namespace frontrunner
