#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "frontrunner/v1/admin.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// The operator's view of a running server, on its admin port. One connection,
/// opened when first needed. Thread-safe.
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

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace frontrunner
