#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/race/source.h"

namespace frontrunner {

/// Asks a cache from a test's thread: a loop of its own, the cache on it, and
/// calls that wait for their answers (ten seconds at most; then the test
/// fails).
class CacheDriver {
 public:
  using Make = std::function<Cache(EventLoop&)>;

  explicit CacheDriver(const Make& make);
  /// Destroys the cache on its loop.
  ~CacheDriver();

  Outcome Find(std::string_view key);
  Outcome Store(std::string_view key, std::string_view value,
                std::optional<Duration> ttl = std::nullopt);
  Outcome Erase(std::string_view key);
  Outcome Ask(Source& source, const Query& query);
  /// Asks all keys in one turn of the loop: the outcomes in their order.
  std::vector<Outcome> FindAll(const std::vector<std::string>& keys);

  /// Runs something on the loop and waits for it.
  void OnLoop(const std::function<void()>& work);
  /// Waits until `holds`, asked on the loop again and again; false after ten
  /// seconds.
  bool Eventually(const std::function<bool()>& holds);
  bool EventuallyIs(Connectivity connectivity);

  /// For a key of table "t", version 1.
  static Query QueryFor(std::string_view key);
  static Query StoreQueryFor(std::string_view key, std::string_view value,
                             std::optional<Duration> ttl = std::nullopt);

  EventLoop& loop() { return loop_; }
  Cache& cache() { return cache_; }

 private:
  EventLoop loop_;
  Cache cache_;
};

/// "found VALUE" or the code's name.
std::string Told(const Outcome& outcome);

}  // namespace frontrunner
