#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/loop/event_loop.h"
#include "server/net/byte_stream.h"
#include "server/net/event_handle.h"
#include "server/net/resolver.h"

namespace frontrunner {

/// Connects to the first of several addresses that lets it, one after the
/// other. It has no timeout: destroying it gives up.
class Dialer {
 public:
  /// May destroy the Dialer.
  using Done =
      absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<ByteStream>>) &&>;

  /// Begins with address number `first` modulo their count (so that an attempt
  /// after one that hung tries another). Runs `done` once, on the loop and
  /// never inside; a failure has the text of the last errno.
  Dialer(EventLoop& loop, std::vector<SocketAddress> addresses, size_t first,
         Done done);

 private:
  /// Until a socket is on its way, or nothing is left.
  void TryNext();
  void OnWritable();

  EventLoop& loop_;
  const std::vector<SocketAddress> addresses_;
  const size_t first_;
  size_t tried_ = 0;
  Done done_;
  absl::Status failure_;
  std::unique_ptr<ByteStream> stream_;
  EventHandle writable_;
  std::unique_ptr<Timer> later_;
};

}  // namespace frontrunner
