// The fuzzer's body on a few inputs, so that it keeps working.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/fuzz/fuzz_http_json.h"

namespace frontrunner {
namespace {

TEST(HttpFuzzSeeds, JsonNearAPage) {
  const std::string seed =
      "/ids\n{\"ids\": [1, \"a\\u00e9\\n\", {\"b\": [null, -0.5e3]}, 1], "
      "\"n\": \"next\"}";
  std::mt19937 random(7);
  for (size_t size = 0; size <= seed.size(); ++size) {
    FuzzHttpJson(std::string_view(seed).substr(0, size));
  }
  for (int i = 0; i < 5000; ++i) {
    std::string changed = seed;
    for (int j = 0; j <= i % 3; ++j) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    FuzzHttpJson(changed);
  }
}

}  // namespace
}  // namespace frontrunner
