#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <mutex>

#include "client/client.h"
#include "frontrunner/v1/lookup.grpc.pb.h"

namespace frontrunner {

/// Inside the client library only: one asynchronous lookup with its retries.
/// Lives as long as gRPC or the caller holds it.
class AsyncLookup : public std::enable_shared_from_this<AsyncLookup> {
 public:
  struct Settings {
    v1::LookupService::Stub* stub = nullptr;
    RetryPolicy retry;
    TimePoint deadline;
    v1::LookupRequest request;
    Client::LookupDone done;
    /// 0 to 1. Thread-safe.
    absl::AnyInvocable<double()> random;
    /// Runs last, once, when `done` has returned and nothing of gRPC's is held
    /// any more.
    absl::AnyInvocable<void(AsyncLookup*)> ended;
  };

  explicit AsyncLookup(Settings settings) : settings_(std::move(settings)) {}

  void Start();
  /// Ends it with `failure` without asking; instead of Start.
  void Refuse(absl::Status failure);
  /// Any thread.
  void Cancel();

 private:
  void Try();
  void OnTried(const grpc::Status& status);
  void WaitThen(Duration delay, void (AsyncLookup::*next)());
  void End();

  Settings settings_;
  v1::LookupResponse response_;
  absl::Status failure_;
  int tried_ = 0;

  std::mutex mutex_;
  bool cancelled_ = false;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::Alarm> timer_;
};

}  // namespace frontrunner
