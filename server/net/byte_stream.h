#pragma once

#include <cstddef>

#include "absl/status/status.h"

namespace frontrunner {

/// How a read or write of a ByteStream went.
struct IoResult {
  enum Kind {
    /// `bytes` were moved, at least one.
    kDone,
    /// Try again when the descriptor can be read or written, respectively.
    kWantRead,
    kWantWrite,
    /// The peer has closed in good order.
    kClosed,
    /// `error` is an errno.
    kFailed,
  };
  Kind kind = kFailed;
  size_t bytes = 0;
  int error = 0;
};

/// Of kClosed and kFailed, for those who are told of the loss: kUnavailable.
absl::Status WhyLost(const IoResult& result);

/// A connected socket, without blocking. This is where TLS goes: a stream that
/// encrypts may want to write in order to read and the reverse, and its
/// handshake happens inside the first calls. Destroying it closes the socket.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual IoResult Read(char* to, size_t size) = 0;
  virtual IoResult Write(const char* from, size_t size) = 0;
  virtual int fd() const = 0;
};

/// The socket as it is: TCP or Unix. Takes over `fd`, which does not block.
class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(int fd) : fd_(fd) {}
  ~SocketStream() override;
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  IoResult Read(char* to, size_t size) override;
  IoResult Write(const char* from, size_t size) override;
  int fd() const override { return fd_; }

 private:
  const int fd_;
};

}  // namespace frontrunner
