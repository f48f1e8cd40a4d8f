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
      "sources: {s: {memory: {}}, r: {redis: {address: 'r:1'}, timeout: 1s,\n"
      "    limit: {width: 2, per_second: 0.5, burst: 3}, retry: {jitter: 0%,\n"
      "    at_most: {NOT_FOUND: 1}}},\n"
      "  h: {http: {url: 'http://h:1/{key}', headers: {A: b}, method: POST,\n"
      "    body: '{key}', pages: {parameter: p, next: /n, items: /i~0}},\n"
      "    retry: {backoff: [0s, 1s]}}}\n"
      "outstanding: {high: 9}\n"
      "state_dir: /s\n"
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
