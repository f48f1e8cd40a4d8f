#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "server/base/random.h"
#include "server/loop/loop.h"
#include "server/race/race.h"
#include "server/tables/by_key.h"
#include "server/tables/table.h"
#include "server/tables/until_stored.h"

namespace frontrunner {

/// Stores winners' values in the caches that did not have them (rule 8).
/// Bounded; its failures are counted, and nobody waits for it but those who
/// asked until_stored. The loop's thread only. Destroying it abandons what is
/// under way.
class WriteBack {
 public:
  /// `loop` and `parts` outlive it.
  WriteBack(Loop& loop, const TableShardParts& parts);
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  /// After a race with a winner; its callers have been answered, but for those
  /// of `waiting`, which is told how the write-backs end. It may be null.
  void AfterWin(const CallPtr& call, const RaceResult& race,
                const std::shared_ptr<UntilStored>& waiting);

  /// Abandons what is under way for a key: somebody knows better now.
  void Abandon(const CallContext& call);

 private:
  /// A write-back under way.
  struct Underway {
    const TableCache* cache;
    std::shared_ptr<UntilStored> waiting;
    std::unique_ptr<Attempt> attempt;
  };
  using OfKey = std::list<Underway>;

  std::vector<const TableCache*> Lacking(const RaceResult& race) const;
  void Begin(const CallPtr& call, const RaceResult& race,
             const std::shared_ptr<UntilStored>& waiting);
  void NameFailed(const RaceResult& race, UntilStored& waiting) const;
  void Store(const TableCache& cache, const Query& query,
             const std::shared_ptr<UntilStored>& waiting);
  void OnStored(const CallPtr& call, OfKey::iterator underway,
                const Outcome& outcome);

  Loop& loop_;
  const TableShardParts& parts_;
  Random random_;
  /// No list is empty.
  ByKey<OfKey> underway_;
  size_t size_ = 0;
};

}  // namespace frontrunner
