#pragma once

#include <optional>

#include "server/base/time.h"
#include "server/sources/grpc/channel.h"

namespace frontrunner {

/// What a failed reply says about asking again: not before so long, or, below
/// zero, not at all. By `grpc-retry-pushback-ms` where it came (what can't be
/// read as milliseconds means not at all, as gRPC has it), else by a
/// google.rpc.RetryInfo among the details. Nullopt: it says nothing.
std::optional<Duration> PushbackIn(const ClientReply& reply);

}  // namespace frontrunner
