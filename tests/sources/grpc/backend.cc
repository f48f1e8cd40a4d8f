#include "tests/sources/grpc/backend.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <utility>

#include "frontrunner/v1/lookup.pb.h"

namespace frontrunner {

Backend::Backend(const std::string& address,
                 std::function<void(ServerCall&)> handle)
    : handler_(std::move(handle)) {
  GrpcServer::Settings settings;
  settings.listen = {address};
  server_ = std::make_unique<GrpcServer>(std::move(settings));
  const absl::Status status = server_->Start(
      {{.method = std::string(kLookupMethod), .handler = &handler_}});
  EXPECT_TRUE(status.ok()) << status;
  const int port = status.ok() ? server_->ports().at(0) : 0;
  target_ = port == 0 ? address : absl::StrCat("127.0.0.1:", port);
}

Reply ValueReply(const std::string& value) {
  v1::LookupResponse response;
  response.set_value(value);
  return {.response = response.SerializeAsString()};
}

SourceRig::SourceRig(GrpcChannel::Settings settings) {
  settings.counters = counters_;
  loop_.Start();
  RunOnLoop([&] {
    source_ = std::make_unique<GrpcSource>(
        loop_, GrpcSource::Settings{.name = "names"},
        std::make_unique<GrpcChannel>(loop_, *queue_, std::move(settings)));
  });
}

SourceRig::~SourceRig() {
  RunOnLoop([&] { attempts_.clear(); });
  DestroySource();
  EXPECT_TRUE(queue_->Stop(std::chrono::steady_clock::now() + kPatience))
      << "something on the queue never ends";
}

size_t SourceRig::Start(const Query& query) {
  size_t number = 0;
  RunOnLoop([&] {
    number = attempts_.size();
    attempts_.push_back(source_->Start(
        query, [this](Outcome outcome) { outcomes_.Put(std::move(outcome)); }));
  });
  return number;
}

void SourceRig::Cancel(size_t attempt) {
  RunOnLoop([&] { attempts_.at(attempt).reset(); });
}

void SourceRig::StartAndCancel(const Query& query) {
  RunOnLoop([&] {
    source_->Start(query, [](Outcome) { ADD_FAILURE() << "was cancelled"; })
        .reset();
  });
}

Outcome SourceRig::Ask(const Query& query) {
  Start(query);
  return outcomes_.Take().value_or(absl::UnknownError("no outcome"));
}

Outcome SourceRig::AskUntilAnswered(const Query& query) {
  Outcome outcome = absl::UnknownError("not asked");
  Eventually([&] { return (outcome = Ask(query)).ok(); });
  return outcome;
}

bool SourceRig::WaitFor(Connectivity connectivity) const {
  return Eventually([&] { return source_->connectivity() == connectivity; });
}

void SourceRig::WhenOpened(std::function<void()> opened) {
  RunOnLoop([&] { source_->WhenOpened(std::move(opened)); });
}

void SourceRig::DestroySource() {
  RunOnLoop([&] { source_.reset(); });
}

void SourceRig::RunOnLoop(std::function<void()> task) {
  EXPECT_TRUE(loop_.RunAndWait(std::move(task)));
}

bool Eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace frontrunner
