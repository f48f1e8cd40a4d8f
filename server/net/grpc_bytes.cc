#include "server/net/grpc_bytes.h"

#include <memory>
#include <utility>

namespace frontrunner {
namespace {

// Below this, one allocation with a copy costs less than two without.
constexpr size_t kCopyUpTo = 4096;

}  // namespace

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  if (bytes.size() <= kCopyUpTo) {
    const grpc::Slice slice(bytes.data(), bytes.size());
    return grpc::ByteBuffer(&slice, 1);
  }
  auto owned = std::make_unique<std::string>(std::move(bytes));
  char* const data = owned->data();
  const size_t size = owned->size();
  const grpc::Slice slice(
      data, size, [](void* text) { delete static_cast<std::string*>(text); },
      owned.release());
  return grpc::ByteBuffer(&slice, 1);
}

bool ToSlice(const grpc::ByteBuffer& buffer, grpc::Slice* slice) {
  if (buffer.TrySingleSlice(slice).ok()) return true;
  return buffer.DumpToSingleSlice(slice).ok();
}

}  // namespace frontrunner
