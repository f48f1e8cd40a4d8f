#include "server/net/grpc_time.h"

#include <algorithm>

namespace frontrunner {
namespace {

using std::chrono::seconds;

constexpr Duration kYear = std::chrono::hours(24 * 365);

}  // namespace

TimePoint FromGrpcDeadline(gpr_timespec deadline, TimePoint now) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
    return kNever;
  }
  if (deadline.clock_type != GPR_CLOCK_MONOTONIC) {
    deadline = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  }
  const TimePoint latest = now + kYear;
  // Compared in seconds: nanoseconds overflow where a client asks for ages.
  const seconds whole(deadline.tv_sec);
  if (whole > std::chrono::duration_cast<seconds>(latest.time_since_epoch())) {
    return latest;
  }
  if (whole < seconds(0)) return TimePoint{};
  return std::min(latest,
                  TimePoint(Duration(whole) + Duration(deadline.tv_nsec)));
}

gpr_timespec ToGrpcDeadline(TimePoint deadline) {
  if (deadline == kNever) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const Duration since = std::max(Duration(0), deadline.time_since_epoch());
  const auto whole = std::chrono::duration_cast<seconds>(since);
  gpr_timespec result;
  result.tv_sec = whole.count();
  result.tv_nsec = static_cast<int32_t>((since - whole).count());
  result.clock_type = GPR_CLOCK_MONOTONIC;
  return result;
}

}  // namespace frontrunner
