#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "server/loop/event_loop.h"
#include "server/net/byte_stream.h"
#include "server/net/event_handle.h"

namespace frontrunner {

/// The bytes of an open connection: what is to be written waits here until the
/// socket takes it, and what comes is handed on in bounded pieces. What bytes
/// mean, and what becomes of a connection that is lost, its user knows.
///
/// The loop's thread only. Destroying it closes the socket, forgets what is not
/// written, and calls nobody; whatever it calls may destroy it.
class StreamIo {
 public:
  /// Of a piece; the buffer for reading is on the stack.
  static constexpr size_t kMaxChunk = size_t{64} << 10;

  struct Handlers {
    /// It is time to Read.
    std::function<void()> readable;
    /// It is time to Write on: waits_for_writable() is over.
    std::function<void()> writable;
  };

  /// `loop` outlives it. It reads up to `chunk` bytes at a time, at most
  /// kMaxChunk, and keeps memory for a few times as many to be written.
  StreamIo(EventLoop& loop, std::unique_ptr<ByteStream> stream, size_t chunk,
           Handlers handlers);
  StreamIo(const StreamIo&) = delete;
  StreamIo& operator=(const StreamIo&) = delete;

  /// Calls `handlers` from now on, never inside. False: out of memory; there is
  /// nothing to be done with it then. Once, before all below.
  bool Watch();

  /// What is to be written: only to be appended to.
  std::string& out() { return out_; }
  size_t unwritten() const { return out_.size() - written_; }

  /// Writes what it can of out(). An error says why the connection is lost.
  /// Otherwise something may be unwritten: then the socket is full and
  /// waits_for_writable(), or a Read will go on with it.
  absl::Status Write();

  /// Whether the socket is full, and `writable` will be called.
  bool waits_for_writable() const { return waits_for_writable_; }

  /// Has `take` what came, piece by piece, until nothing is left for now; but a
  /// peer that talks all the time leaves the loop to others now and then.
  /// `take` returns whether this still exists: where it doesn't, nothing is
  /// touched. An error says why the connection is lost.
  absl::Status Read(absl::FunctionRef<bool(std::string_view bytes)> take);

 private:
  void OnReadable() { handlers_.readable(); }
  void OnWritable();
  void WaitForWritable();
  /// What follows when nothing was moved: to wait is fine.
  absl::Status WaitAfter(const IoResult& result);

  EventLoop& loop_;
  const std::unique_ptr<ByteStream> stream_;
  const size_t chunk_;
  const Handlers handlers_;
  EventHandle readable_;
  EventHandle writable_;
  bool waits_for_writable_ = false;
  /// The stream must read before it can write.
  bool write_wants_read_ = false;
  std::string out_;
  /// So much of out_ is written.
  size_t written_ = 0;
};

}  // namespace frontrunner
