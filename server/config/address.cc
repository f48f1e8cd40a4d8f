#include "server/config/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "server/base/strings.h"
#include "server/config/units.h"

namespace frontrunner::config {
namespace {

constexpr std::string_view kUnixScheme = "unix:";
// The kernel wants a terminating zero in sun_path too.
constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr size_t kMaxHost = 253;

constexpr std::array<std::string_view, 6> kGrpcSchemes = {
    "dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "xds:"};

std::optional<in_addr> ParseIpv4(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}

std::optional<in6_addr> ParseIpv6(const std::string& host) {
  in6_addr address{};
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}

bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > kMaxHost) return false;
  const bool characters = std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
  if (!characters) return false;
  // Digits and dots alone are meant as a number, so they had better be one.
  const bool numeric = std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isdigit(c) || c == '.';
  });
  return !numeric || ParseIpv4(std::string(host)).has_value();
}

std::optional<Address> ParseUnix(std::string_view path) {
  if (path.size() < 2 || path.size() > kMaxPath || path.front() != '/' ||
      path.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  return Address{.path = std::string(path)};
}

}  // namespace

std::optional<Address> ParseAddress(std::string_view text) {
  if (absl::StartsWith(Absl(text), Absl(kUnixScheme))) {
    return ParseUnix(text.substr(kUnixScheme.size()));
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = ParseNumber(text.substr(colon + 1));
  if (!port || *port > 65535) return std::nullopt;
  Address address{.port = static_cast<uint16_t>(*port)};
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    address.host = host.substr(1, host.size() - 2);
    if (!ParseIpv6(address.host)) return std::nullopt;
  } else {
    if (!IsHostName(host)) return std::nullopt;
    address.host = host;
  }
  return address;
}

bool IsLocal(const Address& address) {
  if (!address.path.empty()) return true;
  if (absl::EqualsIgnoreCase(address.host, "localhost")) return true;
  if (const auto v4 = ParseIpv4(address.host)) {
    return (ntohl(v4->s_addr) >> 24) == 127;
  }
  if (const auto v6 = ParseIpv6(address.host)) {
    if (IN6_IS_ADDR_V4MAPPED(&*v6)) return v6->s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&*v6);
  }
  return false;
}

bool IsGrpcTarget(std::string_view text) {
  const bool visible = std::all_of(
      text.begin(), text.end(), [](char c) { return absl::ascii_isgraph(c); });
  if (!visible) return false;
  for (const std::string_view scheme : kGrpcSchemes) {
    if (absl::StartsWith(Absl(text), Absl(scheme))) {
      return text.size() > scheme.size();
    }
  }
  const auto address = ParseAddress(text);
  return address && address->port != 0;
}

}  // namespace frontrunner::config
