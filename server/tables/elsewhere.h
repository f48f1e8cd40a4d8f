#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "server/loop/loop.h"
#include "server/tables/by_key.h"
#include "server/tables/table.h"

namespace frontrunner {

/// Finds what other servers put under one key, in the caches that tell of it
/// (Cache::watch): looks there whenever one of them says so, at one time once
/// per cache, and again later where the cache could not be asked, since what
/// was announced is announced once. The loop's thread only. Destroying it ends
/// the watches and the looking.
class Elsewhere {
 public:
  /// May destroy the Elsewhere.
  using Found = std::function<void(const Value&)>;

  /// Runs `found` with every value that is found, never inside. `loop` and
  /// `caches` outlive it.
  Elsewhere(Loop& loop, const std::vector<TableCache>& caches,
            const CallPtr& call, const Found& found);
  ~Elsewhere();
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;

  /// Whether any of the caches tells.
  static bool CanHear(const std::vector<TableCache>& caches);

 private:
  class Lookout;

  /// One per cache that tells.
  std::vector<std::unique_ptr<Lookout>> lookouts_;
};

}  // namespace frontrunner
