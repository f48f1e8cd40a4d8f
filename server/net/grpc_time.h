#pragma once

#include <grpc/support/time.h>

#include "server/base/time.h"

namespace frontrunner {

/// A deadline as gRPC gives it, on the monotonic clock that the loops use.
/// kNever for an infinite one; never further than a year from `now`.
TimePoint FromGrpcDeadline(gpr_timespec deadline, TimePoint now);

/// The same point in time for gRPC, which counts its monotonic clock as
/// steady_clock does. Infinite for kNever.
gpr_timespec ToGrpcDeadline(TimePoint deadline);

}  // namespace frontrunner
