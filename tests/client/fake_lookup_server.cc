#include "tests/client/fake_lookup_server.h"

#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "client/durations.h"
#include "google/rpc/error_details.pb.h"

namespace frontrunner {
namespace {

constexpr auto kStep = std::chrono::milliseconds(1);
constexpr int kMostSteps = 10'000;

}  // namespace

google::rpc::Status ToRpc(const RichFailure& failure) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(failure.code));
  status.set_message(failure.message);
  if (!failure.reason.empty()) {
    google::rpc::ErrorInfo info;
    info.set_domain("frontrunner");
    info.set_reason(failure.reason);
    (*info.mutable_metadata())["table"] = "unicode";
    status.add_details()->PackFrom(info);
  }
  if (failure.report) status.add_details()->PackFrom(*failure.report);
  if (failure.retry_after) {
    google::rpc::RetryInfo info;
    *info.mutable_retry_delay() = ToProto(*failure.retry_after);
    status.add_details()->PackFrom(info);
  }
  return status;
}

grpc::Status ToGrpc(const RichFailure& failure) {
  const auto status = ToRpc(failure);
  return {static_cast<grpc::StatusCode>(status.code()), status.message(),
          status.SerializeAsString()};
}

class FakeLookupServer::Lookups final : public v1::LookupService::Service {
 public:
  explicit Lookups(FakeLookupServer& server) : server_(server) {}

  grpc::Status Lookup(grpc::ServerContext* context,
                      const v1::LookupRequest* request,
                      v1::LookupResponse* response) override {
    {
      const std::lock_guard lock(server_.mutex_);
      server_.last_lookup_ = *request;
      server_.last_deadline_ =
          context->deadline() - std::chrono::system_clock::now();
    }
    const int call = server_.Count("Lookup");
    for (int i = 0; i < kMostSteps && Held(); ++i) {
      if (context->IsCancelled()) {
        server_.Note("Lookup cancelled");
        return grpc::Status::CANCELLED;
      }
      std::this_thread::sleep_for(kStep);
    }
    return server_.lookup ? server_.lookup(call, *request, *response)
                          : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  }

  grpc::Status BatchLookup(
      grpc::ServerContext* /*context*/, const v1::BatchLookupRequest* request,
      grpc::ServerWriter<v1::BatchLookupResponse>* writer) override {
    const int call = server_.Count("BatchLookup");
    std::vector<v1::BatchLookupResponse> answers;
    const auto status = server_.batch
                            ? server_.batch(call, *request, answers)
                            : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
    for (const auto& answer : answers) writer->Write(answer);
    return status;
  }

  grpc::Status Put(grpc::ServerContext* /*context*/,
                   const v1::PutRequest* request,
                   v1::PutResponse* response) override {
    const int call = server_.Count("Put");
    return server_.put ? server_.put(call, *request, *response)
                       : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  }

  grpc::Status Forget(grpc::ServerContext* /*context*/,
                      const v1::ForgetRequest* request,
                      v1::ForgetResponse* response) override {
    const int call = server_.Count("Forget");
    return server_.forget ? server_.forget(call, *request, *response)
                          : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  }

 private:
  bool Held() const {
    const std::lock_guard lock(server_.mutex_);
    return server_.held_;
  }

  FakeLookupServer& server_;
};

class FakeLookupServer::Admin final : public v1::AdminService::Service {
 public:
  explicit Admin(FakeLookupServer& server) : server_(server) {}

  grpc::Status ListTables(grpc::ServerContext* /*context*/,
                          const v1::ListTablesRequest* /*request*/,
                          v1::ListTablesResponse* response) override {
    *response = server_.tables;
    return grpc::Status::OK;
  }

  grpc::Status ListSources(grpc::ServerContext* /*context*/,
                           const v1::ListSourcesRequest* /*request*/,
                           v1::ListSourcesResponse* response) override {
    *response = server_.sources;
    return grpc::Status::OK;
  }

 private:
  FakeLookupServer& server_;
};

FakeLookupServer::FakeLookupServer(const std::string& listen)
    : lookups_(std::make_unique<Lookups>(*this)),
      admin_(std::make_unique<Admin>(*this)) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(lookups_.get());
  builder.RegisterService(admin_.get());
  server_ = builder.BuildAndStart();
  address_ = listen.starts_with("unix:") ? listen
                                         : "127.0.0.1:" + std::to_string(port);
}

FakeLookupServer::~FakeLookupServer() {
  Release();
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void FakeLookupServer::Hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void FakeLookupServer::Release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
}

int FakeLookupServer::Count(const std::string& method) {
  const std::lock_guard lock(mutex_);
  events_.push_back(method);
  return static_cast<int>(std::count(events_.begin(), events_.end(), method));
}

void FakeLookupServer::Note(const std::string& event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
}

std::vector<std::string> FakeLookupServer::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

bool FakeLookupServer::WaitForEvents(size_t count) const {
  for (int i = 0; i < kMostSteps; ++i) {
    if (events().size() >= count) return true;
    std::this_thread::sleep_for(kStep);
  }
  return false;
}

v1::LookupRequest FakeLookupServer::last_lookup() const {
  const std::lock_guard lock(mutex_);
  return last_lookup_;
}

Duration FakeLookupServer::last_deadline() const {
  const std::lock_guard lock(mutex_);
  return last_deadline_;
}

}  // namespace frontrunner
