#pragma once

#include <vector>

#include "server/net/connection.h"
#include "server/sources/redis/redis.h"

namespace frontrunner {

/// What every connection to Redis begins with: login, database, and a PING,
/// since a server that needs a login we do not have, or is still loading, shall
/// say so here and not to the first who ask.
std::vector<Greeting> RedisGreetings(const RedisSettings& settings);

}  // namespace frontrunner
