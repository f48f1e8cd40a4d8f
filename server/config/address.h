#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace frontrunner::config {

/// A place to connect to or to listen on, as the configuration file has it.
struct Address {
  /// A name or a number, an IPv6 one without its brackets. Empty for a Unix
  /// socket.
  std::string host;
  uint16_t port = 0;
  /// Absolute. Empty where there is a host.
  std::string path;
};

/// "host:port", "[IPv6]:port" or "unix:/path"; nullopt for anything else. Looks
/// at the text alone: whether a name resolves is not asked.
std::optional<Address> ParseAddress(std::string_view text);

/// Whether only this machine can reach a server that listens there: a loopback
/// address, "localhost" or a Unix socket. Any other name counts as public,
/// since who resolves it decides.
bool IsLocal(const Address& address);

/// Whether gRPC could connect to it: "host:port", or one of gRPC's schemes such
/// as "dns:///host:port" and "unix:/path". What a scheme makes of the rest is
/// its own business.
bool IsGrpcTarget(std::string_view text);

}  // namespace frontrunner::config
