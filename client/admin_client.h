#pragma once

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontrunner/v1/admin.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// The operator's hand on a running server, on its admin port. One connection,
/// opened when first needed, and again after the server was away. Nothing is
/// tried again by itself. Thread-safe.
///
/// A failed status carries the server's details: FailureOf(status) reads them.
/// Calls must have returned before the destructor runs.
class AdminClient {
 public:
  struct Settings {
    /// "HOST:PORT", or "unix:PATH" for a Unix socket.
    std::string address = "127.0.0.1:7981";
    /// Of each call.
    Duration deadline = std::chrono::seconds(10);
  };

  explicit AdminClient(Settings settings);
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;

  absl::StatusOr<v1::ListTablesResponse> ListTables();
  absl::StatusOr<v1::ListSourcesResponse> ListSources();

  /// admin.proto tells what these mean, and how they fail. An unknown queue or
  /// job is NOT_FOUND.
  absl::StatusOr<v1::ListQueuesResponse> ListQueues();
  absl::StatusOr<v1::GetQueueResponse> GetQueue(
      const v1::GetQueueRequest& request);
  absl::StatusOr<v1::Queue> SetQueueWidth(
      const v1::SetQueueWidthRequest& request);
  absl::StatusOr<v1::Queue> PauseQueue(const v1::PauseQueueRequest& request);
  absl::StatusOr<v1::Queue> ResumeQueue(const v1::ResumeQueueRequest& request);
  absl::StatusOr<v1::CancelJobResponse> CancelJob(
      const v1::CancelJobRequest& request);
  absl::StatusOr<v1::ReprioritiseJobResponse> ReprioritiseJob(
      const v1::ReprioritiseJobRequest& request);
  absl::StatusOr<v1::ClearQueueResponse> ClearQueue(
      const v1::ClearQueueRequest& request);

  absl::StatusOr<v1::ListOutstandingResponse> ListOutstanding(
      const v1::ListOutstandingRequest& request);

  /// Safe to repeat with the same id and keys, except for `last`: once the
  /// server has that, further calls are FAILED_PRECONDITION.
  absl::StatusOr<v1::PrefetchResponse> Prefetch(
      const v1::PrefetchRequest& request);
  /// Runs `progress` on the caller's thread for whatever the server tells,
  /// until it returns false or the server ends the stream (both OK), or it
  /// breaks. `at_most` bounds the whole: DEADLINE_EXCEEDED then.
  absl::Status WatchPrefetch(
      const v1::WatchPrefetchRequest& request, Duration at_most,
      absl::FunctionRef<bool(const v1::PrefetchProgress&)> progress);
  absl::StatusOr<v1::ListPrefetchesResponse> ListPrefetches();
  absl::StatusOr<v1::PrefetchProgress> CancelPrefetch(
      const v1::CancelPrefetchRequest& request);

  absl::StatusOr<v1::DrainResponse> Drain();

  /// Ends the calls under way, and every later one, with CANCELLED. Any thread.
  void CancelAll();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace frontrunner
