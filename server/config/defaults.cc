#include "server/config/defaults.h"

namespace frontrunner::config {
namespace {

constexpr int kCacheTimeoutNanos = 100'000'000;
constexpr int kBackendTimeoutSeconds = 1;

void FillTimeout(v1::Source& source) {
  if (source.has_timeout()) return;
  if (source.has_redis() || source.has_memcached()) {
    source.mutable_timeout()->set_nanos(kCacheTimeoutNanos);
  } else if (source.has_grpc()) {
    source.mutable_timeout()->set_seconds(kBackendTimeoutSeconds);
  }
}

}  // namespace

void FillDefaults(v1::Config& config) {
  for (auto& [name, source] : *config.mutable_sources()) FillTimeout(source);
}

}  // namespace frontrunner::config
