#include "server/rpc/trailer_size.h"

namespace frontrunner {
namespace {

size_t HeaderBytes(std::string_view name, size_t value_size) {
  return name.size() + value_size + 32;
}

size_t PercentEncodedSize(std::string_view text) {
  size_t size = 0;
  for (const char c : text) {
    const bool plain = c >= ' ' && c <= '~' && c != '%';
    size += plain ? 1 : 3;
  }
  return size;
}

}  // namespace

size_t TrailerBytes(std::string_view message, size_t details_size) {
  const size_t base64_size = (details_size + 2) / 3 * 4;
  return HeaderBytes(":status", 3) +
         HeaderBytes("content-type", sizeof("application/grpc") - 1) +
         HeaderBytes("grpc-status", 2) +
         HeaderBytes("grpc-message", PercentEncodedSize(message)) +
         HeaderBytes("grpc-status-details-bin", base64_size);
}

}  // namespace frontrunner
