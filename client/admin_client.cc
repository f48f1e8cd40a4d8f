#include "client/admin_client.h"

#include <utility>

#include "client/channel.h"
#include "frontrunner/v1/admin.grpc.pb.h"

namespace frontrunner {
namespace {

constexpr size_t kMaxMessage = size_t{16} << 20;

}  // namespace

class AdminClient::Impl {
 public:
  explicit Impl(Settings settings)
      : settings_(std::move(settings)),
        stub_(v1::AdminService::NewStub(
            MakeChannel(settings_.address, kMaxMessage))) {}

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::AdminService::Stub::*method)(
      grpc::ClientContext*, const Request&, Response*)) {
    grpc::ClientContext context;
    context.set_deadline(SystemDeadline(settings_.deadline));
    Response response;
    const auto status =
        FromGrpc((stub_.get()->*method)(&context, Request(), &response));
    if (!status.ok()) return status;
    return response;
  }

 private:
  const Settings settings_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
};

AdminClient::AdminClient(Settings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}

AdminClient::~AdminClient() = default;

absl::StatusOr<v1::ListTablesResponse> AdminClient::ListTables() {
  return impl_->Call(&v1::AdminService::Stub::ListTables);
}

absl::StatusOr<v1::ListSourcesResponse> AdminClient::ListSources() {
  return impl_->Call(&v1::AdminService::Stub::ListSources);
}

}  // namespace frontrunner
