#include "server/net/dialer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"

namespace frontrunner {
namespace {

absl::Status FromErrno(int error) {
  return absl::UnavailableError(std::strerror(error));
}

void Set(int fd, int level, int option, int value) {
  // At worst the connection is slower, or a dead peer is noticed later.
  [[maybe_unused]] const int ignored =
      setsockopt(fd, level, option, &value, sizeof(value));
}

void SetTcpOptions(int fd) {
  Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // For connections that are idle; busy ones notice silence by themselves.
  Set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  Set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  Set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

Dialer::Dialer(EventLoop& loop, std::vector<SocketAddress> addresses,
               size_t first, Done done)
    : loop_(loop),
      addresses_(std::move(addresses)),
      first_(first),
      done_(std::move(done)),
      failure_(absl::UnavailableError("it has no address")) {
  TryNext();
}

void Dialer::TryNext() {
  while (tried_ < addresses_.size()) {
    const SocketAddress& address =
        addresses_[(first_ + tried_++) % addresses_.size()];
    const int family = address.storage.ss_family;
    const int fd =
        socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      failure_ = FromErrno(errno);
      continue;
    }
    stream_ = std::make_unique<SocketStream>(fd);
    if (family != AF_UNIX) SetTcpOptions(fd);
    const int result = connect(
        fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
    if (result != 0 && errno != EINPROGRESS) {
      failure_ = FromErrno(errno);
      continue;
    }
    writable_ =
        NewEvent<&Dialer::OnWritable>(loop_.base(), fd, EV_WRITE, *this);
    if (writable_ != nullptr && event_add(writable_.get(), nullptr) == 0) {
      return;
    }
    failure_ = absl::UnavailableError("the event loop can't watch its socket");
  }
  writable_.reset();
  stream_.reset();
  // Never inside the constructor.
  later_ = loop_.At(loop_.Now(),
                    [this] { std::exchange(done_, nullptr)(failure_); });
}

void Dialer::OnWritable() {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    error = errno;
  }
  writable_.reset();
  if (error != 0) {
    failure_ = FromErrno(error);
    TryNext();
    return;
  }
  std::exchange(done_, nullptr)(std::move(stream_));
}

}  // namespace frontrunner
