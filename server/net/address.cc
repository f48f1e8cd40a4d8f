#include "server/net/address.h"

#include <sys/un.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr std::string_view kUnix = "unix:";

absl::Status Bad(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("address \"", Absl(text), "\": ", Absl(what)));
}

}  // namespace

std::string Address::ToString() const {
  if (!path.empty()) return absl::StrCat(Absl(kUnix), path);
  const bool brackets = host.find(':') != std::string::npos;
  return brackets ? absl::StrCat("[", host, "]:", port)
                  : absl::StrCat(host, ":", port);
}

absl::StatusOr<Address> ParseAddress(std::string_view text,
                                     uint16_t default_port) {
  Address address;
  if (text.starts_with(kUnix)) {
    address.path = text.substr(kUnix.size());
    if (address.path.empty()) return Bad(text, "the path is missing");
    if (address.path.size() >= sizeof(sockaddr_un::sun_path)) {
      return Bad(text, "a Unix socket's path has at most 107 bytes");
    }
    return address;
  }
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Bad(text, "] is missing");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') {
      return Bad(text, "only :port may follow the ]");
    }
  } else if (const size_t colon = text.find(':');
             colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
    if (port.find(':', 1) != std::string_view::npos) {
      return Bad(text, "an IPv6 address goes in brackets: [::1]:port");
    }
  }
  if (host.empty()) return Bad(text, "the host is missing");
  if (host.size() > 253) return Bad(text, "the host is too long");
  address.host = host;
  address.port = default_port;
  if (!port.empty()) {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(Absl(port.substr(1)), &number) || number == 0 ||
        number > UINT16_MAX) {
      return Bad(text, "the port is a number from 1 to 65535");
    }
    address.port = static_cast<uint16_t>(number);
  }
  return address;
}

}  // namespace frontrunner
