#include "server/tables/key_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace frontrunner {

uint64_t KeyHash(std::string_view table, std::string_view key) {
  // The table's hash is the key's seed: no concatenation, no ambiguity.
  const uint64_t seed = XXH3_64bits(table.data(), table.size());
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

}  // namespace frontrunner
