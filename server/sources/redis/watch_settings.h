#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "server/base/time.h"

namespace frontrunner {

/// Of the announcements of Puts. Counted since they were made; shared by caches
/// that are counted together. Relaxed atomics: written by loops, read by
/// anyone.
struct RedisWatchCounters {
  /// Connections that listen.
  std::atomic<uint64_t> connects{0};
  std::atomic<uint64_t> connect_failures{0};
  std::atomic<uint64_t> disconnects{0};
  /// Announcements that were heard.
  std::atomic<uint64_t> heard{0};
  /// Keys that were not watched because a bound was reached.
  std::atomic<uint64_t> refused{0};
  /// Announcements that were made, and those that could not be.
  std::atomic<uint64_t> announced{0};
  std::atomic<uint64_t> announce_failures{0};
};

/// How a Redis cache hears of what others put.
struct RedisWatchSettings {
  /// A connection that has been quiet for so long is asked whether it lives.
  Duration heartbeat = std::chrono::seconds(5);
  /// The connection is closed when no key has been watched for so long.
  Duration linger = std::chrono::seconds(10);
  /// Keys watched at a time. Those beyond it are told of nothing.
  size_t max_keys = 100000;
  /// Null: its own.
  std::shared_ptr<RedisWatchCounters> counters;
};

}  // namespace frontrunner
