#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "frontrunner/v1/admin.grpc.pb.h"

namespace frontrunner {

/// A real AdminService on a loopback port, in this process, that answers as the
/// test says and writes down what it was asked.
class FakeAdminServer {
 public:
  /// Runs on the server's threads; may block. The int counts this method's
  /// calls from 1.
  template <typename Request, typename Response>
  using Answer = std::function<grpc::Status(int, const Request&, Response&)>;
  /// Writes to the caller; false where that is gone.
  using Write = std::function<bool(const v1::PrefetchProgress&)>;
  using Watch = std::function<grpc::Status(int, const v1::WatchPrefetchRequest&,
                                           const Write&)>;

  /// On a free port; Stop and Start keep the port.
  FakeAdminServer();
  ~FakeAdminServer();

  const std::string& address() const { return address_; }
  /// Breaks what is under way.
  void Stop();
  void Start();

  /// To be set before the first call. Without: UNIMPLEMENTED.
  Answer<v1::ListTablesRequest, v1::ListTablesResponse> list_tables;
  Answer<v1::ListSourcesRequest, v1::ListSourcesResponse> list_sources;
  Answer<v1::ListQueuesRequest, v1::ListQueuesResponse> list_queues;
  Answer<v1::GetQueueRequest, v1::GetQueueResponse> get_queue;
  Answer<v1::SetQueueWidthRequest, v1::Queue> set_queue_width;
  Answer<v1::PauseQueueRequest, v1::Queue> pause_queue;
  Answer<v1::ResumeQueueRequest, v1::Queue> resume_queue;
  Answer<v1::CancelJobRequest, v1::CancelJobResponse> cancel_job;
  Answer<v1::ReprioritiseJobRequest, v1::ReprioritiseJobResponse>
      reprioritise_job;
  Answer<v1::ClearQueueRequest, v1::ClearQueueResponse> clear_queue;
  Answer<v1::ListOutstandingRequest, v1::ListOutstandingResponse>
      list_outstanding;
  Answer<v1::PrefetchRequest, v1::PrefetchResponse> prefetch;
  Watch watch_prefetch;
  Answer<v1::ListPrefetchesRequest, v1::ListPrefetchesResponse> list_prefetches;
  Answer<v1::CancelPrefetchRequest, v1::PrefetchProgress> cancel_prefetch;
  Answer<v1::DrainRequest, v1::DrainResponse> drain;

  /// "Method request" in order, so far; the request in protobuf's short text.
  std::vector<std::string> events() const;

 private:
  class Service;

  int Note(const std::string& method, const google::protobuf::Message& request);

  mutable std::mutex mutex_;
  std::vector<std::string> events_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_ = "127.0.0.1:0";
};

}  // namespace frontrunner
