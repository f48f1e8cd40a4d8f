// Pushback as real servers send it.

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "frontrunner/v1/lookup.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/status.h"
#include "tests/fakes/fake_source.h"
#include "tests/sources/grpc/backend.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

/// A LookupService by gRPC's own server, which can send any trailer.
class PushingBackend final : public v1::LookupService::Service {
 public:
  explicit PushingBackend(std::string pushback)
      : pushback_(std::move(pushback)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  std::string target() const { return absl::StrCat("127.0.0.1:", port_); }

  grpc::Status Lookup(grpc::ServerContext* context, const v1::LookupRequest*,
                      v1::LookupResponse*) override {
    context->AddTrailingMetadata("grpc-retry-pushback-ms", pushback_);
    return {grpc::StatusCode::UNAVAILABLE, "busy"};
  }

 private:
  const std::string pushback_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

absl::Status FailureOf(const std::string& target) {
  SourceRig rig(ChannelTo(target));
  EXPECT_TRUE(rig.WaitFor(Connectivity::kConnected));
  return rig.Ask(TextQuery("k")).status();
}

TEST(PushbackFromABackend, TheTrailerIsHeard) {
  PushingBackend backend("70");
  const absl::Status failure = FailureOf(backend.target());
  EXPECT_EQ(failure.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(PushbackOf(failure), milliseconds(70));
}

TEST(PushbackFromABackend, ANegativeTrailerIsHeard) {
  PushingBackend backend("-1");
  EXPECT_LT(PushbackOf(FailureOf(backend.target())), Duration(0));
}

TEST(PushbackFromABackend, ATrailerThatCannotBeReadMeansNotAtAll) {
  PushingBackend backend("soon");
  EXPECT_LT(PushbackOf(FailureOf(backend.target())), Duration(0));
}

// As our own servers send it when they refuse a call.
TEST(PushbackFromABackend, ARetryInfoAmongTheDetailsIsHeard) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(130'000'000);
  google::rpc::Status status;
  status.add_details()->PackFrom(retry);
  Backend backend("127.0.0.1:0", [&](ServerCall& call) {
    call.Finish({.code = absl::StatusCode::kUnavailable,
                 .message = "going away",
                 .details = status.SerializeAsString()});
  });
  EXPECT_EQ(PushbackOf(FailureOf(backend.target())), milliseconds(130));
}

TEST(PushbackFromABackend, WithoutOneThereIsNone) {
  Backend backend("127.0.0.1:0", [](ServerCall& call) {
    call.Finish({.code = absl::StatusCode::kUnavailable, .message = "no"});
  });
  EXPECT_EQ(PushbackOf(FailureOf(backend.target())), std::nullopt);
}

}  // namespace
}  // namespace frontrunner
