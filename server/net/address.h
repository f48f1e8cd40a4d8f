#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace frontrunner {

/// Where a server is: a host and port, or a Unix socket.
struct Address {
  /// A name or a numeric address, without brackets. Empty for a Unix socket.
  std::string host;
  uint16_t port = 0;
  /// Of a Unix socket; empty otherwise.
  std::string path;

  /// As ParseAddress reads it.
  std::string ToString() const;
};

/// Reads "host:port", "1.2.3.4:port", "[::1]:port", "host" (with the default
/// port) and "unix:/path". INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Address> ParseAddress(std::string_view text,
                                     uint16_t default_port);

}  // namespace frontrunner
