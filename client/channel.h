#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/base/time.h"

namespace frontrunner {

/// Inside the client library only: what touches gRPC's C++ API.

/// A channel with a connection of its own, to "HOST:PORT" or "unix:PATH",
/// never through a proxy. Connects when first used, and again with backoff.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           size_t max_message);

/// With details as payloads (failure.h).
absl::Status FromGrpc(const grpc::Status& status);

/// The point on the system clock, as gRPC wants it, that is `in` from now.
/// Never so far that it overflows.
std::chrono::system_clock::time_point SystemDeadline(Duration in);

}  // namespace frontrunner
