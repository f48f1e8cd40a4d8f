#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "server/sources/redis/redis.h"
#include "tests/fakes/servers/cache_driver.h"

namespace frontrunner {

/// A CacheDriver of a Redis cache at an address as in the configuration.
/// `tune` may change the settings.
class RedisDriver : public CacheDriver {
 public:
  using Tune = std::function<void(RedisSettings&)>;

  explicit RedisDriver(std::string_view address, const Tune& tune = nullptr);

  const ConnectionCounters& counters() const { return *counters_; }

 private:
  RedisDriver(std::string_view address, const Tune& tune,
              std::shared_ptr<ConnectionCounters> counters);

  const std::shared_ptr<ConnectionCounters> counters_;
};

/// Times short enough for tests of what never comes.
void Impatient(RedisSettings& settings);

}  // namespace frontrunner
