#include "server/rpc/listening.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/rpc/listen_address.h"

namespace frontrunner {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// Where a name says both IPv4 and IPv6, a machine may have only one of them.
bool IsNotOnThisMachine(int error) {
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/// An invalid descriptor, and errno, where it can't be bound.
OwnedFd BindOne(const sockaddr* address, socklen_t length) {
  OwnedFd fd(::socket(address->sa_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fd;
  const int yes = 1;
  if (address->sa_family != AF_UNIX) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  }
  if (::bind(fd.get(), address, length) == 0) return fd;
  const int error = errno;
  ::close(fd.Release());
  errno = error;
  return fd;
}

void SetPort(sockaddr* address, uint16_t port) {
  if (address->sa_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  } else if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
  }
}

uint16_t PortOf(int fd) {
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    return 0;
  }
  return name.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<sockaddr_in6*>(&name)->sin6_port)
             : ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port);
}

absl::StatusOr<Bound> BindToUnix(const std::string& address,
                                 const std::string& path) {
  // It also refuses what is too long.
  if (absl::Status status = MakeWayForUnixSocket(path); !status.ok()) {
    return status;
  }
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  OwnedFd fd = BindOne(reinterpret_cast<const sockaddr*>(&name), sizeof(name));
  if (fd.get() < 0) return CannotListen(address, errno);
  Bound bound;
  bound.address = address;
  bound.sockets.push_back(std::move(fd));
  return bound;
}

}  // namespace

absl::StatusOr<Bound> BindTo(const std::string& address) {
  if (const auto path = UnixPath(address)) return BindToUnix(address, *path);
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return CannotListen(address, "it has no port");
  }
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failure =
      ::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found);
  if (failure != 0) return CannotListen(address, ::gai_strerror(failure));
  const Addresses addresses(found);

  Bound bound;
  uint16_t port = 0;
  int error = 0;
  for (addrinfo* each = found; each != nullptr; each = each->ai_next) {
    // All of a name's addresses have one port.
    if (port != 0) SetPort(each->ai_addr, port);
    OwnedFd fd = BindOne(each->ai_addr, each->ai_addrlen);
    if (fd.get() >= 0) {
      port = PortOf(fd.get());
      bound.sockets.push_back(std::move(fd));
      continue;
    }
    error = errno;
    if (!IsNotOnThisMachine(error)) return CannotListen(address, error);
  }
  if (bound.sockets.empty()) return CannotListen(address, error);
  bound.address = absl::StrCat(address.substr(0, colon + 1), port);
  return bound;
}

}  // namespace frontrunner
