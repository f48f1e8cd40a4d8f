// The hit ratio of the memory cache against LRU, on a skewed trace with scans
// mixed in. The numbers are counts of a seeded trace: the same everywhere.
#include <cstdio>

#include "tests/sources/memory/scan_trace.h"

namespace frontrunner {
namespace {

void Compare(const char* what, const ScanTraceSettings& settings) {
  const ScanTrace trace = MakeScanTrace(settings);
  std::printf(
      "\n%s\n%zu requests, %zu keys, skew %.2f, %zu scanned after each "
      "%zu, seed %llu\n\n",
      what, settings.requests, settings.keys, settings.skew,
      settings.scan_length, settings.between_scans,
      static_cast<unsigned long long>(settings.seed));
  std::printf("  entries     LRU   ours   ours/LRU\n");
  for (const size_t entries : {500, 1000, 2000, 5000, 10000, 20000, 50000}) {
    const auto lru = static_cast<double>(HitsOfLru(trace, entries));
    const auto ours = static_cast<double>(HitsOfMemoryStore(trace, entries));
    const auto all = static_cast<double>(trace.size());
    std::printf("  %7zu  %5.1f%%  %5.1f%%     %5.2f\n", entries,
                100 * lru / all, 100 * ours / all, ours / lru);
  }
}

}  // namespace
}  // namespace frontrunner

int main() {
  std::printf(
      "Capacity: the memory of so many entries of 100 bytes. LRU pays "
      "for its\nentries alone, ours for its index and ghosts too.\n");
  frontrunner::Compare("Skewed, with scans", {});
  frontrunner::Compare("Skewed, without scans", {.scan_length = 0});
  frontrunner::Compare("More skewed, with scans", {.skew = 1.1});
  return 0;
}
