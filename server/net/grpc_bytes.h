#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <string_view>

namespace frontrunner {

/// A message for gRPC. Small ones are copied into a slice; larger ones are
/// moved, and freed when gRPC has sent them.
grpc::ByteBuffer ToByteBuffer(std::string bytes);

/// The bytes of a message, valid as long as the slice. Copies only a message
/// that came in several pieces. False for a message that cannot be read (its
/// compression is broken).
[[nodiscard]] bool ToSlice(const grpc::ByteBuffer& buffer, grpc::Slice* slice);

inline std::string_view ViewOf(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace frontrunner
