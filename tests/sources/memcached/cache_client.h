#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/race/source.h"
#include "server/sources/memcached/memcached.h"

namespace frontrunner {

/// Asks a memcached cache from a test's thread: a loop of its own, the cache on
/// it, and calls that wait for their answers.
class CacheClient {
 public:
  /// `addresses` as in a configuration. `tune` may change the settings.
  explicit CacheClient(
      const std::vector<std::string>& addresses,
      const std::function<void(MemcachedSettings&)>& tune = nullptr);
  ~CacheClient();

  Outcome Find(std::string_view key);
  Outcome Store(std::string_view key, std::string_view value,
                std::optional<Duration> ttl = std::nullopt);
  Outcome Erase(std::string_view key);
  /// Asks all keys in one turn of the loop: the outcomes in their order.
  std::vector<Outcome> FindAll(const std::vector<std::string>& keys);

  /// Looks `key` up in a race: this cache with the timeout, and another source
  /// which has "fallback" when the cache is out. What the caller gets.
  std::string Race(std::string_view key, Duration timeout);

  /// Runs something on the loop and waits for it.
  void OnLoop(const std::function<void()>& work);
  /// Waits until `holds`, asked on the loop again and again; false after ten
  /// seconds.
  bool Eventually(const std::function<bool()>& holds);
  bool EventuallyIs(Connectivity connectivity);

  static Query QueryFor(std::string_view key);
  static Query StoreQueryFor(std::string_view key, std::string_view value,
                             std::optional<Duration> ttl = std::nullopt);

  EventLoop& loop() { return loop_; }
  Cache& cache() { return cache_; }
  const ConnectionCounters& counters() const { return *counters_; }

 private:
  Outcome Ask(Source& source, const Query& query);

  EventLoop loop_;
  const std::shared_ptr<ConnectionCounters> counters_ =
      std::make_shared<ConnectionCounters>();
  Cache cache_;
};

/// "found VALUE" or the code's name.
std::string Told(const Outcome& outcome);

}  // namespace frontrunner
