#pragma once

#include <cstdint>

#include "frontrunner/v1/admin.pb.h"
#include "server/wrappers/dispatch_queue.h"

namespace frontrunner {

/// A queue as AdminService tells it.
v1::Queue QueueToProto(const DispatchQueue& queue);

/// With its jobs: `max_jobs` of each kind as GetQueueRequest means it, and no
/// more than whose keys, of each kind, have a megabyte together.
v1::GetQueueResponse QueueWithJobs(const DispatchQueue& queue,
                                   int32_t max_jobs);

}  // namespace frontrunner
