#pragma once

#include <cstdint>
#include <string_view>

namespace frontrunner {

/// XXH3 (64 bits) of a table's name and a key. The same on every server, so
/// that shards and cache servers are too.
uint64_t KeyHash(std::string_view table, std::string_view key);

}  // namespace frontrunner
