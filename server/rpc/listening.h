#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/owned_fd.h"

namespace frontrunner {

/// Sockets that are bound, do not block, and do not listen yet.
struct Bound {
  /// One for each address that a name stands for; at least one.
  std::vector<OwnedFd> sockets;
  /// As it was asked for, with the port number filled in.
  std::string address;
};

/// Binds to "host:port", "[IPv6]:port" or "unix:/path"; port 0 takes a free
/// one. A socket file that nobody listens on is replaced. An error names the
/// address and the system's reason. Resolves names, so it may block.
absl::StatusOr<Bound> BindTo(const std::string& address);

}  // namespace frontrunner
