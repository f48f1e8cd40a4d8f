#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "google/protobuf/duration.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// A duration that a backend sent. Nonsense and negative ones are none at all;
/// what nanoseconds can't hold is as long as they can.
inline Duration FromWire(const google::protobuf::Duration& duration) {
  constexpr int64_t kMostSeconds =
      std::numeric_limits<int64_t>::max() / 1'000'000'000;
  if (duration.seconds() < 0 || duration.nanos() < 0) return Duration(0);
  if (duration.seconds() >= kMostSeconds) return Duration::max();
  return std::chrono::seconds(duration.seconds()) +
         Duration(std::min(duration.nanos(), 999'999'999));
}

}  // namespace frontrunner
