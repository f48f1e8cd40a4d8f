#pragma once

#include <cstddef>
#include <string_view>

namespace frontrunner {

/// Trailing metadata of a failure stays below this many bytes: many clients and
/// proxies refuse more than 8 KiB, and some of what they count is added on the
/// way (the margin of 256).
inline constexpr size_t kMaxTrailerBytes = 8192 - 256;

/// What a failure costs in trailing metadata, as HTTP/2 counts it: each header
/// its name, its value and 32; the message percent-encoded, the details in
/// base64; with grpc-status and the two headers of a response that consists of
/// trailers alone.
size_t TrailerBytes(std::string_view message, size_t details_size);

}  // namespace frontrunner
