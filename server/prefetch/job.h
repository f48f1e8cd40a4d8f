#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/race/query.h"
#include "server/race/source.h"
#include "server/tables/table.h"

namespace frontrunner {

/// One key of a prefetch that is underway: a lookup, until its value is stored,
/// on the loop that owns the key.
class PrefetchJob : public std::enable_shared_from_this<PrefetchJob> {
 public:
  /// What it is about, in the words of the journal.
  struct Key {
    int64_t prefetch = 0;
    uint64_t seq = 0;
  };
  /// OK: stored. `not_now`: it failed because this server did not let it
  /// through, and may do well later.
  using Ended =
      absl::AnyInvocable<void(PrefetchJob&, absl::Status, bool not_now) &&>;

  /// `ended` runs once on the key's loop, unless Abandon or the end of that
  /// loop comes first. `table` outlives the job's lookup. Any thread.
  static std::shared_ptr<PrefetchJob> Begin(const Table& table, Key place,
                                            std::string key, int priority,
                                            Ended ended);

  const Key& place() const { return place_; }
  const std::string& key() const { return call_->key; }

  /// Cancels it; nobody is told. To be called when the key's loop does not run
  /// any more.
  void Abandon() { attempt_ = nullptr; }

 private:
  PrefetchJob(Key place, std::shared_ptr<const CallContext> call, Ended ended)
      : place_(place), call_(std::move(call)), ended_(std::move(ended)) {}

  void Ask(TableShard& shard, int priority);

  const Key place_;
  const std::shared_ptr<const CallContext> call_;
  Ended ended_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace frontrunner
