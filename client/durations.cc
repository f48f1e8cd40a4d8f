#include "client/durations.h"

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr int64_t kMaxSeconds = Duration::max().count() / 1'000'000'000 - 2;
constexpr int32_t kMaxNanos = 999'999'999;

}  // namespace

Duration FromProto(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(
             std::clamp(duration.seconds(), -kMaxSeconds, kMaxSeconds)) +
         Duration(std::clamp(duration.nanos(), -kMaxNanos, kMaxNanos));
}

google::protobuf::Duration ToProto(Duration duration) {
  google::protobuf::Duration result;
  result.set_seconds(duration.count() / 1'000'000'000);
  result.set_nanos(static_cast<int32_t>(duration.count() % 1'000'000'000));
  return result;
}

double Milliseconds(const google::protobuf::Duration& duration) {
  return std::chrono::duration<double, std::milli>(FromProto(duration)).count();
}

std::optional<Duration> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(Absl(text), &duration)) return std::nullopt;
  // Longer than this is "inf" or a slip.
  constexpr absl::Duration kLongest = absl::Hours(24 * 365);
  if (duration <= absl::ZeroDuration() || duration > kLongest) {
    return std::nullopt;
  }
  return absl::ToChronoNanoseconds(duration);
}

}  // namespace frontrunner
