#include "server/sources/http/gunzip.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

/// zlib's way of saying: gzip alone, and the largest window.
constexpr int kGzip = 16 + MAX_WBITS;

}  // namespace

Gunzip::Gunzip(size_t max)
    : max_(max), ready_(inflateInit2(&stream_, kGzip) == Z_OK) {}

Gunzip::~Gunzip() {
  if (ready_) inflateEnd(&stream_);
}

absl::Status Gunzip::Append(std::string_view packed, std::string& out) {
  if (!ready_) return absl::ResourceExhaustedError("no memory to unpack it");
  std::array<char, 16384> piece;
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream_.avail_in = static_cast<uInt>(packed.size());
  do {
    if (complete_) {
      if (stream_.avail_in == 0) break;
      // Another member follows: the whole is what all of them unpack to.
      inflateReset(&stream_);
      complete_ = false;
    }
    stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream_.avail_out = piece.size();
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const size_t unpacked = piece.size() - stream_.avail_out;
    if (unpacked > max_ - out.size()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("its body is larger than ", max_, " bytes"));
    }
    out.append(piece.data(), unpacked);
    complete_ = result == Z_STREAM_END;
    // Z_BUF_ERROR says that it can't go on without more bytes.
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return absl::InternalError("its compressed body is damaged");
    }
  } while (stream_.avail_in > 0 || stream_.avail_out == 0);
  return absl::OkStatus();
}

}  // namespace frontrunner
