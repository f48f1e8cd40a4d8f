#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "frontrunner/v1/admin.grpc.pb.h"
#include "frontrunner/v1/lookup.grpc.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// A rich failure as a Frontrunner server would send it.
struct RichFailure {
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  std::string message = "no";
  std::string reason = "OVERLOADED";
  /// With a RetryInfo that says so.
  std::optional<Duration> retry_after;
  std::optional<v1::RaceReport> report;
};
google::rpc::Status ToRpc(const RichFailure& failure);
grpc::Status ToGrpc(const RichFailure& failure);

/// A real gRPC server, in this process on a free loopback port (or a Unix
/// socket), that answers as the test says and writes down what it was asked.
class FakeLookupServer {
 public:
  /// Runs on the server's threads; may block. The int counts this method's
  /// calls from 1.
  template <typename Request, typename Response>
  using Answer = std::function<grpc::Status(int, const Request&, Response&)>;

  explicit FakeLookupServer(const std::string& listen = "127.0.0.1:0");
  ~FakeLookupServer();

  const std::string& address() const { return address_; }

  /// To be set before the first call. Without: UNIMPLEMENTED.
  Answer<v1::LookupRequest, v1::LookupResponse> lookup;
  Answer<v1::BatchLookupRequest, std::vector<v1::BatchLookupResponse>> batch;
  Answer<v1::PutRequest, v1::PutResponse> put;
  Answer<v1::ForgetRequest, v1::ForgetResponse> forget;
  v1::ListTablesResponse tables;
  v1::ListSourcesResponse sources;

  /// Holds lookups back until Release, or until their caller is gone.
  void Hold();
  void Release();

  /// "Lookup", "Lookup cancelled", "Put", … in order, so far.
  std::vector<std::string> events() const;
  /// Waits (10 s at most) until there are so many.
  bool WaitForEvents(size_t count) const;
  /// The last LookupRequest; and how long its caller gave it.
  v1::LookupRequest last_lookup() const;
  Duration last_deadline() const;

 private:
  class Lookups;
  class Admin;

  int Count(const std::string& method);
  void Note(const std::string& event);

  mutable std::mutex mutex_;
  std::vector<std::string> events_;
  v1::LookupRequest last_lookup_;
  Duration last_deadline_{0};
  bool held_ = false;

  std::unique_ptr<Lookups> lookups_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace frontrunner
