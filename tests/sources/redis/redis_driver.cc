#include "tests/sources/redis/redis_driver.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace frontrunner {

using std::chrono::milliseconds;

RedisDriver::RedisDriver(std::string_view address, const Tune& tune)
    : RedisDriver(address, tune, std::make_shared<ConnectionCounters>()) {}

RedisDriver::RedisDriver(std::string_view address, const Tune& tune,
                         std::shared_ptr<ConnectionCounters> counters)
    : CacheDriver([&](EventLoop& loop) {
        const auto parsed = ParseAddress(address, 6379);
        EXPECT_TRUE(parsed.ok()) << parsed.status();
        RedisSettings settings{.name = "redis", .address = *parsed};
        settings.connection.counters = counters;
        if (tune) tune(settings);
        return MakeRedis(loop, std::move(settings));
      }),
      counters_(std::move(counters)) {}

void Impatient(RedisSettings& settings) {
  settings.connection.connect_timeout = milliseconds(100);
  settings.connection.stall_timeout = milliseconds(200);
  settings.connection.reply_timeout = milliseconds(400);
  settings.connection.settled = Duration(0);
  settings.connection.backoff.first = milliseconds(5);
  settings.connection.backoff.max = milliseconds(20);
}

}  // namespace frontrunner
