#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/sources/memcached/memcached.h"
#include "tests/fakes/servers/cache_driver.h"

namespace frontrunner {

/// Asks a memcached cache from a test's thread.
class CacheClient : public CacheDriver {
 public:
  /// `addresses` as in a configuration. `tune` may change the settings.
  explicit CacheClient(
      const std::vector<std::string>& addresses,
      const std::function<void(MemcachedSettings&)>& tune = nullptr)
      : CacheClient(addresses, tune, std::make_shared<ConnectionCounters>()) {}

  /// Looks `key` up in a race: this cache with the timeout, and another source
  /// which has "fallback" when the cache is out. What the caller gets.
  std::string Race(std::string_view key, Duration timeout);

  const ConnectionCounters& counters() const { return *counters_; }

 private:
  CacheClient(const std::vector<std::string>& addresses,
              const std::function<void(MemcachedSettings&)>& tune,
              std::shared_ptr<ConnectionCounters> counters);

  const std::shared_ptr<ConnectionCounters> counters_;
};

}  // namespace frontrunner
