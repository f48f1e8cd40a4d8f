#include "client/admin_client.h"

#include <mutex>
#include <set>
#include <utility>

#include "client/channel.h"
#include "frontrunner/v1/admin.grpc.pb.h"

namespace frontrunner {
namespace {

constexpr size_t kMaxMessage = size_t{16} << 20;

using Stub = v1::AdminService::Stub;

}  // namespace

class AdminClient::Impl {
 public:
  explicit Impl(Settings settings)
      : settings_(std::move(settings)),
        stub_(v1::AdminService::NewStub(
            MakeChannel(settings_.address, kMaxMessage))) {}

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                   Response*),
      const Request& request) {
    Underway underway(*this, settings_.deadline);
    Response response;
    const auto status = FromGrpc(
        (stub_.get()->*method)(underway.context(), request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::Status Watch(
      const v1::WatchPrefetchRequest& request, Duration at_most,
      absl::FunctionRef<bool(const v1::PrefetchProgress&)> progress) {
    Underway underway(*this, at_most);
    const auto reader = stub_->WatchPrefetch(underway.context(), request);
    v1::PrefetchProgress now;
    bool stopped = false;
    while (!stopped && reader->Read(&now)) stopped = !progress(now);
    if (stopped) underway.context()->TryCancel();
    const auto status = FromGrpc(reader->Finish());
    return stopped ? absl::OkStatus() : status;
  }

  void CancelAll() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* context : underway_) context->TryCancel();
  }

 private:
  // A call, known to CancelAll as long as it lasts.
  class Underway {
   public:
    Underway(Impl& impl, Duration deadline) : impl_(impl) {
      context_.set_deadline(SystemDeadline(deadline));
      const std::lock_guard lock(impl_.mutex_);
      impl_.underway_.insert(&context_);
      // Before the call begins this makes it fail at once.
      if (impl_.cancelled_) context_.TryCancel();
    }
    ~Underway() {
      const std::lock_guard lock(impl_.mutex_);
      impl_.underway_.erase(&context_);
    }
    Underway(const Underway&) = delete;
    Underway& operator=(const Underway&) = delete;

    grpc::ClientContext* context() { return &context_; }

   private:
    Impl& impl_;
    grpc::ClientContext context_;
  };

  const Settings settings_;
  std::unique_ptr<Stub> stub_;
  std::mutex mutex_;
  std::set<grpc::ClientContext*> underway_;
  bool cancelled_ = false;
};

AdminClient::AdminClient(Settings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}

AdminClient::~AdminClient() = default;

absl::StatusOr<v1::ListTablesResponse> AdminClient::ListTables() {
  return impl_->Call(&Stub::ListTables, v1::ListTablesRequest());
}

absl::StatusOr<v1::ListSourcesResponse> AdminClient::ListSources() {
  return impl_->Call(&Stub::ListSources, v1::ListSourcesRequest());
}

absl::StatusOr<v1::ListQueuesResponse> AdminClient::ListQueues() {
  return impl_->Call(&Stub::ListQueues, v1::ListQueuesRequest());
}

absl::StatusOr<v1::GetQueueResponse> AdminClient::GetQueue(
    const v1::GetQueueRequest& request) {
  return impl_->Call(&Stub::GetQueue, request);
}

absl::StatusOr<v1::Queue> AdminClient::SetQueueWidth(
    const v1::SetQueueWidthRequest& request) {
  return impl_->Call(&Stub::SetQueueWidth, request);
}

absl::StatusOr<v1::Queue> AdminClient::PauseQueue(
    const v1::PauseQueueRequest& request) {
  return impl_->Call(&Stub::PauseQueue, request);
}

absl::StatusOr<v1::Queue> AdminClient::ResumeQueue(
    const v1::ResumeQueueRequest& request) {
  return impl_->Call(&Stub::ResumeQueue, request);
}

absl::StatusOr<v1::CancelJobResponse> AdminClient::CancelJob(
    const v1::CancelJobRequest& request) {
  return impl_->Call(&Stub::CancelJob, request);
}

absl::StatusOr<v1::ReprioritiseJobResponse> AdminClient::ReprioritiseJob(
    const v1::ReprioritiseJobRequest& request) {
  return impl_->Call(&Stub::ReprioritiseJob, request);
}

absl::StatusOr<v1::ClearQueueResponse> AdminClient::ClearQueue(
    const v1::ClearQueueRequest& request) {
  return impl_->Call(&Stub::ClearQueue, request);
}

absl::StatusOr<v1::ListOutstandingResponse> AdminClient::ListOutstanding(
    const v1::ListOutstandingRequest& request) {
  return impl_->Call(&Stub::ListOutstanding, request);
}

absl::StatusOr<v1::PrefetchResponse> AdminClient::Prefetch(
    const v1::PrefetchRequest& request) {
  return impl_->Call(&Stub::Prefetch, request);
}

absl::Status AdminClient::WatchPrefetch(
    const v1::WatchPrefetchRequest& request, Duration at_most,
    absl::FunctionRef<bool(const v1::PrefetchProgress&)> progress) {
  return impl_->Watch(request, at_most, progress);
}

absl::StatusOr<v1::ListPrefetchesResponse> AdminClient::ListPrefetches() {
  return impl_->Call(&Stub::ListPrefetches, v1::ListPrefetchesRequest());
}

absl::StatusOr<v1::PrefetchProgress> AdminClient::CancelPrefetch(
    const v1::CancelPrefetchRequest& request) {
  return impl_->Call(&Stub::CancelPrefetch, request);
}

absl::StatusOr<v1::DrainResponse> AdminClient::Drain() {
  return impl_->Call(&Stub::Drain, v1::DrainRequest());
}

void AdminClient::CancelAll() { impl_->CancelAll(); }

}  // namespace frontrunner
