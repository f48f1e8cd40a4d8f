#include "server/rpc/listen_address.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/rpc/owned_fd.h"

namespace frontrunner {
namespace {

// Invalid, and errno, where there can be none.
OwnedFd UnixSocket() {
  return OwnedFd(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// 0, or the errno of a bind.
int TryBind(const sockaddr* address, socklen_t length) {
  const OwnedFd socket = UnixSocket();
  if (socket.get() < 0) return errno;
  return ::bind(socket.get(), address, length) == 0 ? 0 : errno;
}

// 0 where somebody listens, or the errno of a connect.
int TryConnect(const sockaddr* address, socklen_t length) {
  const OwnedFd socket = UnixSocket();
  if (socket.get() < 0) return errno;
  if (::connect(socket.get(), address, length) == 0) return 0;
  // A full backlog is a listener too.
  return errno == EAGAIN || errno == EINPROGRESS ? 0 : errno;
}

}  // namespace

absl::Status CannotListen(std::string_view address, std::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", Absl(address), ": ", Absl(why)));
}

absl::Status CannotListen(std::string_view address, int error) {
  return CannotListen(address, std::generic_category().message(error));
}

std::optional<std::string> UnixPath(std::string_view address) {
  constexpr std::string_view kScheme = "unix:";
  if (address.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  address.remove_prefix(kScheme.size());
  if (address.substr(0, 3) == "///") address.remove_prefix(2);
  return std::string(address);
}

absl::Status MakeWayForUnixSocket(const std::string& path) {
  const std::string address = absl::StrCat("unix:", path);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(name.sun_path)) {
    return CannotListen(address,
                        absl::StrCat("the path of a Unix socket has 1 to ",
                                     sizeof(name.sun_path) - 1, " bytes"));
  }
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&name);

  struct stat file {};
  if (::lstat(path.c_str(), &file) == 0) {
    if (!S_ISSOCK(file.st_mode)) {
      return CannotListen(address, "the file exists and is not a socket");
    }
    const int error = TryConnect(generic, sizeof(name));
    if (error == 0) {
      return CannotListen(address, "somebody is already listening on it");
    }
    if (error != ECONNREFUSED && error != ENOENT) {
      return CannotListen(address, error);
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return CannotListen(address, errno);
    }
  }
  // gRPC would fail without a reason.
  if (const int error = TryBind(generic, sizeof(name)); error != 0) {
    return CannotListen(address, error);
  }
  ::unlink(path.c_str());
  return absl::OkStatus();
}

UnixSocketFile::UnixSocketFile(std::string path) : path_(std::move(path)) {
  struct stat file {};
  if (::lstat(path_.c_str(), &file) != 0) return;
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

void UnixSocketFile::Remove() const {
  struct stat file {};
  if (::lstat(path_.c_str(), &file) == 0 && S_ISSOCK(file.st_mode) &&
      file.st_dev == device_ && file.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace frontrunner
