#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/fuzz/fuzz_config.h"

namespace frontrunner {
namespace {

// The fuzzer does more; this keeps its body working.
TEST(ConfigFuzzSeeds, HoldNearAGoodFile) {
  const std::string good =
      "listen: ['127.0.0.1:1', \"unix:/s\"]\n"
      "sources: {s: {memory: {}}, r: {redis: {address: 'r:1'}, timeout: 1s}}\n"
      "tables:\n"
      "  t: &t\n"
      "    race: [s, {source: r, start_after: 2ms, final_codes: [ABORTED]}]\n"
      "    write_back: {ttl: 10m, jitter: 10%}\n"
      "  u: *t\n";
  FuzzConfig(good);
  std::mt19937 random(7);
  for (size_t size = 0; size < good.size(); ++size) {
    FuzzConfig(std::string_view(good).substr(0, size));
  }
  for (int i = 0; i < 2000; ++i) {
    std::string changed = good;
    for (int j = 0; j <= i % 3; ++j) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    FuzzConfig(changed);
  }
}

}  // namespace
}  // namespace frontrunner
