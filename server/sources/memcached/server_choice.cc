#include "server/sources/memcached/server_choice.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace frontrunner {
namespace {

/// The finaliser of splitmix64: every bit of the input moves every bit of the
/// output, in arithmetic that is the same on every machine.
uint64_t Mix(uint64_t bits) {
  bits ^= bits >> 30;
  bits *= 0xbf58476d1ce4e5b9;
  bits ^= bits >> 27;
  bits *= 0x94d049bb133111eb;
  bits ^= bits >> 31;
  return bits;
}

}  // namespace

ServerChoice::ServerChoice(const std::vector<std::string>& names) {
  seeds_.reserve(names.size());
  for (const std::string& name : names) {
    seeds_.push_back(XXH3_64bits(name.data(), name.size()));
  }
}

size_t ServerChoice::Of(uint64_t hash) const {
  size_t best = 0;
  uint64_t highest = 0;
  for (size_t i = 0; i < seeds_.size(); ++i) {
    const uint64_t score = Mix(hash ^ seeds_[i]);
    if (score > highest || i == 0) {
      best = i;
      highest = score;
    }
  }
  return best;
}

}  // namespace frontrunner
