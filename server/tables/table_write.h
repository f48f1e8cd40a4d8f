#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/loop/loop.h"
#include "server/tables/by_key.h"
#include "server/tables/table.h"

namespace frontrunner {

/// Puts and Forgets under way on their way to all caches of a table (rule 12).
/// The loop's thread only. Destroying it abandons them, unanswered.
///
/// Each ends when every cache has answered or at its deadline, whether or not
/// somebody still waits for it. Those for whom nobody waits are bounded:
/// beyond it, one is abandoned with its caller.
class TableWrites {
 public:
  struct Settings {
    /// How many may go on without their caller.
    size_t max_unattended = 0;
    /// Runs when a write has ended, before its caller is answered.
    std::function<void(const CallContext&)> ended;
  };

  /// `loop` and `caches` outlive it.
  TableWrites(Loop& loop, const std::vector<TableCache>& caches,
              Settings settings);
  ~TableWrites();
  TableWrites(const TableWrites&) = delete;
  TableWrites& operator=(const TableWrites&) = delete;

  /// Stores `to_store` everywhere or, where it is null, erases the key. `done`
  /// runs in a later turn, unless the Attempt is destroyed first. `deadline` is
  /// finite.
  [[nodiscard]] std::unique_ptr<Attempt> Begin(
      CallPtr call, std::shared_ptr<const ToStore> to_store, TimePoint deadline,
      WriteDone done);

  /// Answers in a later turn that nothing was written: the deadline was over.
  [[nodiscard]] std::unique_ptr<Attempt> TooLate(WriteDone done);

  /// The latest write under way for a key.
  struct Latest {
    /// Null for a Forget.
    std::shared_ptr<const ToStore> put;
  };
  /// Null where there is none; valid until the next call.
  const Latest* Find(const CallContext& call) const;

 private:
  class Asker;
  struct Write;
  using Writes = std::list<std::shared_ptr<Write>>;
  struct OfKey {
    Latest latest;
    /// Never empty.
    Writes writes;
  };

  void StartAll(const std::shared_ptr<Write>& write, TimePoint deadline);
  void OnCache(Write& write, size_t cache, const Outcome& outcome);
  void Forsake(Write& write);
  void End(Write& write);
  absl::Status Verdict(const Write& write) const;

  Loop& loop_;
  const std::vector<TableCache>& caches_;
  const Settings settings_;
  ByKey<OfKey> by_key_;
  size_t unattended_ = 0;
};

}  // namespace frontrunner
