#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace frontrunner {

/// The number that follows `state` in a sequence that looks like chance (the
/// finish of splitmix64) and is the same on every machine, unlike
/// <random>'s distributions. It is the next state too.
uint64_t NextRandom(uint64_t state);

/// Key numbers in the order in which they are asked for.
using ScanTrace = std::vector<uint64_t>;

struct ScanTraceSettings {
  size_t requests = 1000000;
  /// How many keys are asked for by chance, the n-th with a probability
  /// proportional to 1 / n^skew.
  size_t keys = 100000;
  double skew = 0.9;
  /// After so many such requests comes a scan: keys asked for once and never
  /// again, all part of `requests`.
  size_t between_scans = 20000;
  /// Zero: no scans.
  size_t scan_length = 10000;
  uint64_t seed = 1;
};

ScanTrace MakeScanTrace(const ScanTraceSettings& settings);

/// Every miss is followed by a store, as in a race with write-back. The number
/// of hits of a cache that holds so many entries, exactly least recently used.
size_t HitsOfLru(const ScanTrace& trace, size_t entries);

/// The same of a MemoryStore whose capacity is the memory of so many entries;
/// its index and its ghosts have to come out of that.
size_t HitsOfMemoryStore(const ScanTrace& trace, size_t entries);

}  // namespace frontrunner
