#include "server/sources/grpc/pushback.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/sources/grpc/from_wire.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

constexpr Duration kNotAtAll(-1);

Duration FromMilliseconds(const std::string& text) {
  int64_t count = 0;
  if (!absl::SimpleAtoi(text, &count) || count < 0) return kNotAtAll;
  constexpr int64_t kMost =
      std::chrono::floor<milliseconds>(Duration::max()).count();
  return milliseconds(std::min(count, kMost));
}

}  // namespace

std::optional<Duration> PushbackIn(const ClientReply& reply) {
  if (reply.retry_pushback) return FromMilliseconds(*reply.retry_pushback);
  // A miss of another Frontrunner has details too, and is no rare thing.
  if (reply.details.find("google.rpc.RetryInfo") == std::string::npos) {
    return std::nullopt;
  }
  google::rpc::Status status;
  if (!status.ParseFromString(reply.details)) return std::nullopt;
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::RetryInfo retry;
    if (detail.Is<google::rpc::RetryInfo>() && detail.UnpackTo(&retry) &&
        retry.has_retry_delay()) {
      return FromWire(retry.retry_delay());
    }
  }
  return std::nullopt;
}

}  // namespace frontrunner
