#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz_envelope.h"
#include "tests/fuzz/fuzz_memcached.h"

namespace frontrunner {
namespace {

/// Runs a fuzzer's body on the seed, its prefixes, and it with a few bytes
/// changed. The fuzzers do more; this keeps their bodies working.
void RunNear(void (*body)(std::string_view), const std::string& seed) {
  std::mt19937 random(7);
  for (size_t size = 0; size <= seed.size(); ++size) {
    body(std::string_view(seed).substr(0, size));
  }
  for (int i = 0; i < 2000 && !seed.empty(); ++i) {
    std::string changed = seed;
    for (int j = 0; j <= i % 3; ++j) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    body(changed);
  }
}

TEST(FuzzSeeds, Envelope) {
  using std::string_literals::operator""s;
  RunNear(FuzzEnvelope, "\0\0some value"s);
  RunNear(FuzzEnvelope, "FRv\x01"s + std::string(60, '\0'));
}

TEST(FuzzSeeds, Memcached) {
  RunNear(FuzzMemcached, "\x03VA 3 O1\r\nabc\r\nEN O2\r\nHD O3\r\n");
  RunNear(FuzzMemcached, "\x01SERVER_ERROR out of memory\r\nNS O4\r\n");
  RunNear(FuzzMemcached,
          "\x07VA 500 O1\r\n" + std::string(500, 'x') + "\r\nEN O2\r\n");
  RunNear(FuzzMemcached, "\x02VA -1 O1\r\n");
}

}  // namespace
}  // namespace frontrunner
