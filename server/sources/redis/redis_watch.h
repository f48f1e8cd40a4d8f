#pragma once

#include <memory>

#include "server/loop/event_loop.h"
#include "server/race/source.h"
#include "server/sources/redis/redis.h"

namespace frontrunner {

/// The KeyWatch of a Redis cache. It connects when the first key is watched.
/// `settings.watch.counters` is not null; `loop` outlives the watch and its
/// attempts, which may outlive the watch.
std::shared_ptr<KeyWatch> MakeRedisWatch(EventLoop& loop,
                                         const RedisSettings& settings);

}  // namespace frontrunner
