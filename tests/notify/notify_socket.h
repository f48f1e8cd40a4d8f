#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

namespace frontrunner {

/// The other end of ServiceManager: a datagram socket that remembers nothing
/// but what has not been received yet. '@' in front of the name makes it an
/// abstract one; a path is removed in the end.
class NotifySocket {
 public:
  explicit NotifySocket(std::string name)
      : name_(std::move(name)),
        fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    size_t length = offsetof(sockaddr_un, sun_path) + name_.size();
    if (name_[0] == '@') {
      address.sun_path[0] = '\0';
    } else {
      ++length;
    }
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&address),
             static_cast<socklen_t>(length)) != 0) {
      std::abort();
    }
  }
  ~NotifySocket() {
    close(fd_);
    if (name_[0] == '/') unlink(name_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  const std::string& name() const { return name_; }

  /// The next datagram; "" if there is none.
  std::string Next() {
    std::array<char, 4096> bytes{};
    const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
    return size < 0 ? "" : std::string(bytes.data(), static_cast<size_t>(size));
  }

 private:
  const std::string name_;
  const int fd_;
};

}  // namespace frontrunner
