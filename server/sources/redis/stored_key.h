#pragma once

#include <string>
#include <string_view>

#include "server/race/query.h"

namespace frontrunner {

/// What a key is stored under: prefix, table, ":", version, ":", key.
std::string StoredKey(std::string_view prefix, const CallContext& call);

/// Where its Puts are announced: prefix, "put:" and a hash of the stored key in
/// hexadecimal, so that keys of any bytes and length have a channel. Two keys
/// may share one; who hears of it looks for the key.
std::string ChannelOf(std::string_view prefix, const CallContext& call);

/// How long a channel is beyond its prefix.
inline constexpr size_t kChannelOverhead = 20;

}  // namespace frontrunner
