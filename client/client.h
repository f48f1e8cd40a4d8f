#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/failure.h"
#include "client/retry_policy.h"
#include "frontrunner/v1/lookup.pb.h"
#include "server/base/time.h"

namespace frontrunner {

struct CallOptions {
  /// For all tries together, from now. Absent: the client's. With
  /// `wait_for_value` it is how long to wait, so give one.
  std::optional<Duration> deadline;
};

/// One key's answer in a batch.
struct BatchAnswer {
  std::string key;
  absl::StatusOr<v1::LookupResponse> found;
};

/// An asynchronous call. Destroying it cancels it, which has no effect once it
/// has ended. Any thread, also inside its own callback.
class AsyncCall {
 public:
  virtual ~AsyncCall() = default;
};

/// Asks a Frontrunner server. One connection, opened when first needed, kept
/// and shared by all calls. Thread-safe.
///
/// A failed status carries the server's details: FailureOf(status) reads them.
/// Calls are tried again as `retry` says; all of them are safe to repeat.
///
/// The destructor cancels the asynchronous calls under way and returns when
/// their callbacks have; blocking calls must have returned. So it must not run
/// inside a callback.
class Client {
 public:
  struct Settings {
    /// "HOST:PORT", or "unix:PATH" for a Unix socket.
    std::string address = "127.0.0.1:7979";
    /// Of calls that are given none.
    Duration deadline = std::chrono::seconds(10);
    RetryPolicy retry;
    /// Bytes of one message, each way; a larger one is RESOURCE_EXHAUSTED.
    size_t max_message = size_t{16} << 20;
    /// Asynchronous calls at once; those above are RESOURCE_EXHAUSTED.
    size_t max_pending = 10'000;
  };

  explicit Client(Settings settings);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// NOT_FOUND where the server works and nobody has the key.
  absl::StatusOr<v1::LookupResponse> Lookup(const v1::LookupRequest& request,
                                            const CallOptions& options = {});

  using LookupDone =
      absl::AnyInvocable<void(absl::StatusOr<v1::LookupResponse>) &&>;

  /// The same without blocking. `done` runs exactly once, on a thread of the
  /// library, perhaps before this returns; with CANCELLED where the
  /// AsyncCall was destroyed first. It must not block for long.
  [[nodiscard]] std::unique_ptr<AsyncCall> LookupAsync(
      const v1::LookupRequest& request, LookupDone done,
      const CallOptions& options = {});

  /// Runs `answered` for each key, in finishing order, on the caller's thread.
  /// The status is that of the batch as a whole: OK also where keys failed.
  /// A batch is tried again only as long as nothing was answered, single keys
  /// are not.
  absl::Status BatchLookup(const v1::BatchLookupRequest& request,
                           absl::FunctionRef<void(BatchAnswer)> answered,
                           const CallOptions& options = {});

  /// OK when every cache of the table has it.
  absl::Status Put(const v1::PutRequest& request,
                   const CallOptions& options = {});
  /// OK when no cache of the table has it any more.
  absl::Status Forget(const v1::ForgetRequest& request,
                      const CallOptions& options = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace frontrunner
