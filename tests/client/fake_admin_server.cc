#include "tests/client/fake_admin_server.h"

#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>

namespace frontrunner {

class FakeAdminServer::Service final : public v1::AdminService::Service {
 public:
  explicit Service(FakeAdminServer& server) : server_(server) {}

  grpc::Status ListTables(grpc::ServerContext* /*context*/,
                          const v1::ListTablesRequest* request,
                          v1::ListTablesResponse* response) override {
    return Answered("ListTables", server_.list_tables, *request, *response);
  }

  grpc::Status ListSources(grpc::ServerContext* /*context*/,
                           const v1::ListSourcesRequest* request,
                           v1::ListSourcesResponse* response) override {
    return Answered("ListSources", server_.list_sources, *request, *response);
  }

  grpc::Status ListQueues(grpc::ServerContext* /*context*/,
                          const v1::ListQueuesRequest* request,
                          v1::ListQueuesResponse* response) override {
    return Answered("ListQueues", server_.list_queues, *request, *response);
  }

  grpc::Status GetQueue(grpc::ServerContext* /*context*/,
                        const v1::GetQueueRequest* request,
                        v1::GetQueueResponse* response) override {
    return Answered("GetQueue", server_.get_queue, *request, *response);
  }

  grpc::Status SetQueueWidth(grpc::ServerContext* /*context*/,
                             const v1::SetQueueWidthRequest* request,
                             v1::Queue* response) override {
    return Answered("SetQueueWidth", server_.set_queue_width, *request,
                    *response);
  }

  grpc::Status PauseQueue(grpc::ServerContext* /*context*/,
                          const v1::PauseQueueRequest* request,
                          v1::Queue* response) override {
    return Answered("PauseQueue", server_.pause_queue, *request, *response);
  }

  grpc::Status ResumeQueue(grpc::ServerContext* /*context*/,
                           const v1::ResumeQueueRequest* request,
                           v1::Queue* response) override {
    return Answered("ResumeQueue", server_.resume_queue, *request, *response);
  }

  grpc::Status CancelJob(grpc::ServerContext* /*context*/,
                         const v1::CancelJobRequest* request,
                         v1::CancelJobResponse* response) override {
    return Answered("CancelJob", server_.cancel_job, *request, *response);
  }

  grpc::Status ReprioritiseJob(grpc::ServerContext* /*context*/,
                               const v1::ReprioritiseJobRequest* request,
                               v1::ReprioritiseJobResponse* response) override {
    return Answered("ReprioritiseJob", server_.reprioritise_job, *request,
                    *response);
  }

  grpc::Status ClearQueue(grpc::ServerContext* /*context*/,
                          const v1::ClearQueueRequest* request,
                          v1::ClearQueueResponse* response) override {
    return Answered("ClearQueue", server_.clear_queue, *request, *response);
  }

  grpc::Status ListOutstanding(grpc::ServerContext* /*context*/,
                               const v1::ListOutstandingRequest* request,
                               v1::ListOutstandingResponse* response) override {
    return Answered("ListOutstanding", server_.list_outstanding, *request,
                    *response);
  }

  grpc::Status Prefetch(grpc::ServerContext* /*context*/,
                        const v1::PrefetchRequest* request,
                        v1::PrefetchResponse* response) override {
    return Answered("Prefetch", server_.prefetch, *request, *response);
  }

  grpc::Status ListPrefetches(grpc::ServerContext* /*context*/,
                              const v1::ListPrefetchesRequest* request,
                              v1::ListPrefetchesResponse* response) override {
    return Answered("ListPrefetches", server_.list_prefetches, *request,
                    *response);
  }

  grpc::Status CancelPrefetch(grpc::ServerContext* /*context*/,
                              const v1::CancelPrefetchRequest* request,
                              v1::PrefetchProgress* response) override {
    return Answered("CancelPrefetch", server_.cancel_prefetch, *request,
                    *response);
  }

  grpc::Status Drain(grpc::ServerContext* /*context*/,
                     const v1::DrainRequest* request,
                     v1::DrainResponse* response) override {
    return Answered("Drain", server_.drain, *request, *response);
  }

  grpc::Status WatchPrefetch(
      grpc::ServerContext* /*context*/, const v1::WatchPrefetchRequest* request,
      grpc::ServerWriter<v1::PrefetchProgress>* writer) override {
    const int call = server_.Note("WatchPrefetch", *request);
    if (!server_.watch_prefetch) return Unimplemented();
    return server_.watch_prefetch(call, *request, [writer](const auto& now) {
      return writer->Write(now);
    });
  }

 private:
  static grpc::Status Unimplemented() {
    return {grpc::StatusCode::UNIMPLEMENTED, ""};
  }

  template <typename Request, typename Response>
  grpc::Status Answered(const std::string& method,
                        const Answer<Request, Response>& answer,
                        const Request& request, Response& response) {
    const int call = server_.Note(method, request);
    return answer ? answer(call, request, response) : Unimplemented();
  }

  FakeAdminServer& server_;
};

FakeAdminServer::FakeAdminServer()
    : service_(std::make_unique<Service>(*this)) {
  Start();
}

FakeAdminServer::~FakeAdminServer() { Stop(); }

void FakeAdminServer::Start() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

void FakeAdminServer::Stop() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

int FakeAdminServer::Note(const std::string& method,
                          const google::protobuf::Message& request) {
  const std::lock_guard lock(mutex_);
  const std::string text = request.ShortDebugString();
  events_.push_back(text.empty() ? method : method + " " + text);
  return static_cast<int>(std::count_if(
      events_.begin(), events_.end(), [&](const std::string& event) {
        return event == method || event.starts_with(method + " ");
      }));
}

std::vector<std::string> FakeAdminServer::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

}  // namespace frontrunner
