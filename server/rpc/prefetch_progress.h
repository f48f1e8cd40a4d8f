#pragma once

#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/prefetch_control.h"

namespace frontrunner {

/// A prefetch as AdminService tells it.
v1::PrefetchProgress ProgressToProto(const PrefetchView& view);

}  // namespace frontrunner
