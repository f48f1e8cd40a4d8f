#include "client/channel.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <limits>

#include "client/failure.h"

namespace frontrunner {
namespace {

// A failure's details may have 8 KB; the rest is room for other headers.
constexpr int kMaxMetadata = 16 * 1024;

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           size_t max_message) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadata);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  const auto limit = static_cast<int>(
      std::min<size_t>(max_message, std::numeric_limits<int>::max()));
  arguments.SetMaxReceiveMessageSize(limit);
  arguments.SetMaxSendMessageSize(limit);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status rich;
  rich.ParseFromString(status.error_details());
  // The call's own code and message count, whatever the details repeat.
  rich.set_code(status.error_code());
  rich.set_message(status.error_message());
  return StatusFromRpc(rich);
}

std::chrono::system_clock::time_point SystemDeadline(Duration in) {
  constexpr Duration kFarthest = std::chrono::hours(24 * 365);
  return std::chrono::system_clock::now() +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(
             std::min(in, kFarthest));
}

}  // namespace frontrunner
