#include "tests/sources/memory/scan_trace.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <string>
#include <unordered_map>

#include "server/sources/memory/memory_store.h"
#include "tests/sources/memory/memory_fixture.h"

namespace frontrunner {
namespace {

/// So that every key, and so every entry, is of the same size.
CallContext CallForNumber(uint64_t number) {
  std::string key = std::to_string(number);
  return CallFor(std::string(20 - key.size(), '0') + key, "trace");
}

std::string HundredBytes() { return std::string(100, 'v'); }

/// What one of those entries takes of a store.
size_t BytesOfOneEntry() {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = 1 << 20});
  const size_t empty = store.stats().bytes;
  store.Put(CallForNumber(0), Fresh(clock, HundredBytes()));
  return store.stats().bytes - empty;
}

}  // namespace

uint64_t NextRandom(uint64_t state) {
  uint64_t x = state + 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

ScanTrace MakeScanTrace(const ScanTraceSettings& settings) {
  std::vector<double> up_to(settings.keys);
  double sum = 0;
  for (size_t i = 0; i < settings.keys; ++i) {
    sum += std::pow(static_cast<double>(i + 1), -settings.skew);
    up_to[i] = sum;
  }
  ScanTrace trace;
  trace.reserve(settings.requests);
  uint64_t random = settings.seed;
  uint64_t next_scanned = settings.keys;
  size_t until_scan = settings.between_scans;
  while (trace.size() < settings.requests) {
    if (until_scan == 0) {
      for (size_t i = 0; i < settings.scan_length; ++i) {
        trace.push_back(next_scanned++);
      }
      until_scan = settings.between_scans;
    }
    --until_scan;
    random = NextRandom(random);
    const double share = static_cast<double>(random >> 11) * 0x1p-53;
    trace.push_back(static_cast<uint64_t>(
        std::upper_bound(up_to.begin(), up_to.end() - 1, share * sum) -
        up_to.begin()));
  }
  trace.resize(settings.requests);
  return trace;
}

size_t HitsOfLru(const ScanTrace& trace, size_t entries) {
  std::list<uint64_t> newest_first;
  std::unordered_map<uint64_t, std::list<uint64_t>::iterator> places;
  size_t hits = 0;
  for (const uint64_t key : trace) {
    const auto found = places.find(key);
    if (found != places.end()) {
      ++hits;
      newest_first.splice(newest_first.begin(), newest_first, found->second);
      continue;
    }
    if (places.size() == entries) {
      places.erase(newest_first.back());
      newest_first.pop_back();
    }
    newest_first.push_front(key);
    places.emplace(key, newest_first.begin());
  }
  return hits;
}

size_t HitsOfMemoryStore(const ScanTrace& trace, size_t entries) {
  FakeLoop clock;
  MemoryStore store(clock, {.capacity = entries * BytesOfOneEntry()});
  const ToStore to_store = Fresh(clock, HundredBytes());
  for (const uint64_t key : trace) {
    const CallContext call = CallForNumber(key);
    if (!store.Get(call)) store.Put(call, to_store);
  }
  return store.stats().hits;
}

}  // namespace frontrunner
