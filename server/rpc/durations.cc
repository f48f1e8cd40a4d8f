#include "server/rpc/durations.h"

#include <cstdint>
#include <limits>

namespace frontrunner {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kMaxSeconds =
    std::numeric_limits<int64_t>::max() / kNanosPerSecond - 1;

}  // namespace

void SetDuration(Duration duration, google::protobuf::Duration& proto) {
  proto.set_seconds(duration.count() / kNanosPerSecond);
  proto.set_nanos(static_cast<int32_t>(duration.count() % kNanosPerSecond));
}

std::optional<Duration> FromProto(const google::protobuf::Duration& proto) {
  const int64_t seconds = proto.seconds();
  const int64_t nanos = proto.nanos();
  if (seconds > kMaxSeconds || seconds < -kMaxSeconds) return std::nullopt;
  if (nanos >= kNanosPerSecond || nanos <= -kNanosPerSecond) {
    return std::nullopt;
  }
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
    return std::nullopt;
  }
  return Duration(seconds * kNanosPerSecond + nanos);
}

}  // namespace frontrunner
