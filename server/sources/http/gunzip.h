#pragma once

#include <zlib.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace frontrunner {

/// Unpacks a gzip stream as it comes, up to a bound. Not left to libcurl, which
/// takes a stream that ends too early for a whole one.
class Gunzip {
 public:
  /// Bytes out, at most.
  explicit Gunzip(size_t max);
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// Appends what `packed` unpacks to. kResourceExhausted when `out` would
  /// become larger than the bound (it does not), kInternal when the stream is
  /// damaged. Not to be called again after a failure.
  absl::Status Append(std::string_view packed, std::string& out);

  /// Whether the stream has come to its end and nothing is missing.
  bool complete() const { return complete_; }

 private:
  const size_t max_;
  z_stream stream_{};
  bool ready_ = false;
  bool complete_ = false;
};

}  // namespace frontrunner
