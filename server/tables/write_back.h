#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "server/loop/loop.h"
#include "server/race/race.h"
#include "server/tables/by_key.h"
#include "server/tables/random.h"
#include "server/tables/table.h"

namespace frontrunner {

/// Stores winners' values in the caches that did not have them (rule 8).
/// Bounded; nobody waits for it, its failures are counted. The loop's thread
/// only. Destroying it abandons what is under way.
class WriteBack {
 public:
  /// `loop` and `parts` outlive it.
  WriteBack(Loop& loop, const TableShardParts& parts);
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  /// After a race with a winner; its callers have been answered.
  void AfterWin(const CallPtr& call, const RaceResult& race);

  /// Abandons what is under way for a key: somebody knows better now.
  void Abandon(const CallContext& call);

 private:
  using Attempts = std::list<std::unique_ptr<Attempt>>;

  std::vector<const TableCache*> Lacking(const RaceResult& race) const;
  void Store(const TableCache& cache, const Query& query);
  void OnStored(const CallPtr& call, Attempts::iterator attempt,
                const Outcome& outcome);

  Loop& loop_;
  const TableShardParts& parts_;
  Random random_;
  /// No list is empty.
  ByKey<Attempts> underway_;
  size_t size_ = 0;
};

}  // namespace frontrunner
