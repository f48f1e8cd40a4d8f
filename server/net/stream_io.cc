#include "server/net/stream_io.h"

#include <algorithm>
#include <array>
#include <utility>

namespace frontrunner {
namespace {

/// A peer that talks all the time leaves the loop to others after so many.
constexpr int kReadsPerTurn = 8;

}  // namespace

StreamIo::StreamIo(EventLoop& loop, std::unique_ptr<ByteStream> stream,
                   size_t chunk, Handlers handlers)
    : loop_(loop),
      stream_(std::move(stream)),
      chunk_(std::min(chunk, kMaxChunk)),
      handlers_(std::move(handlers)) {}

bool StreamIo::Watch() {
  readable_ = NewEvent<&StreamIo::OnReadable>(loop_.base(), stream_->fd(),
                                              EV_READ | EV_PERSIST, *this);
  writable_ = NewEvent<&StreamIo::OnWritable>(loop_.base(), stream_->fd(),
                                              EV_WRITE, *this);
  return readable_ != nullptr && writable_ != nullptr &&
         event_add(readable_.get(), nullptr) == 0;
}

absl::Status StreamIo::Write() {
  while (unwritten() > 0) {
    const IoResult result = stream_->Write(out_.data() + written_, unwritten());
    write_wants_read_ = result.kind == IoResult::kWantRead;
    if (result.kind != IoResult::kDone) return WaitAfter(result);
    written_ += result.bytes;
  }
  // One large value does not keep its memory for ever.
  if (out_.capacity() > 4 * chunk_) {
    std::string().swap(out_);  // an assignment may keep it
  } else {
    out_.clear();
  }
  written_ = 0;
  return absl::OkStatus();
}

absl::Status StreamIo::Read(
    absl::FunctionRef<bool(std::string_view bytes)> take) {
  std::array<char, kMaxChunk> buffer;  // not initialised
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoResult result = stream_->Read(buffer.data(), chunk_);
    if (result.kind != IoResult::kDone) {
      absl::Status status = WaitAfter(result);
      if (!status.ok()) return status;
      break;
    }
    if (!take({buffer.data(), result.bytes})) return absl::OkStatus();
    // A short read has emptied the socket.
    if (result.bytes < chunk_) break;
  }
  if (write_wants_read_) WaitForWritable();
  return absl::OkStatus();
}

absl::Status StreamIo::WaitAfter(const IoResult& result) {
  switch (result.kind) {
    case IoResult::kWantWrite:
      WaitForWritable();
      return absl::OkStatus();
    case IoResult::kWantRead:
      return absl::OkStatus();  // readable_ is always armed
    default:
      return WhyLost(result);
  }
}

void StreamIo::WaitForWritable() {
  waits_for_writable_ = true;
  event_add(writable_.get(), nullptr);
}

void StreamIo::OnWritable() {
  waits_for_writable_ = false;
  handlers_.writable();
}

}  // namespace frontrunner
