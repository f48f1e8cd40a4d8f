#include "server/net/byte_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace frontrunner {
namespace {

bool MustWait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

absl::Status WhyLost(const IoResult& result) {
  return absl::UnavailableError(result.kind == IoResult::kFailed
                                    ? std::strerror(result.error)
                                    : "closed by the peer");
}

SocketStream::~SocketStream() { close(fd_); }

IoResult SocketStream::Read(char* to, size_t size) {
  const ssize_t got = recv(fd_, to, size, 0);
  if (got > 0) return {IoResult::kDone, static_cast<size_t>(got), 0};
  if (got == 0) return {IoResult::kClosed, 0, 0};
  if (MustWait(errno)) return {IoResult::kWantRead, 0, 0};
  return {IoResult::kFailed, 0, errno};
}

IoResult SocketStream::Write(const char* from, size_t size) {
  const ssize_t put = send(fd_, from, size, MSG_NOSIGNAL);
  if (put >= 0) return {IoResult::kDone, static_cast<size_t>(put), 0};
  if (MustWait(errno)) return {IoResult::kWantWrite, 0, 0};
  return {IoResult::kFailed, 0, errno};
}

}  // namespace frontrunner
