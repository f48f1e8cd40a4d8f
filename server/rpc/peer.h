#pragma once

#include <string_view>

#include "server/rpc/transport.h"

namespace frontrunner {

/// Where a caller is, from gRPC's name for it: "ipv4:127.0.0.1:4711",
/// "ipv6:%5B::1%5D:4711", "unix:/path". What it cannot read is elsewhere.
Peer PeerFromUri(std::string_view uri);

}  // namespace frontrunner
