#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/loop/loop.h"
#include "server/tables/caller.h"
#include "server/tables/deadlines.h"
#include "server/tables/table.h"

namespace frontrunner {

/// Those who asked for a value until_stored and whose race is won: they wait
/// until the caches that lacked it have it. One for each such race; shared by
/// the write-backs that it waits for. The loop's thread only. Destroying it
/// lets everybody go unanswered.
///
/// Whoever leaves disturbs nobody, the write-backs go on. Answers are given in
/// a later turn.
class UntilStored final : private CallerHost {
 public:
  /// `value` is what everybody gets when all has gone well. `loop` outlives it.
  UntilStored(Loop& loop, LookupResult value);
  ~UntilStored();
  UntilStored(const UntilStored&) = delete;
  UntilStored& operator=(const UntilStored&) = delete;

  void Join(Caller& caller);

  /// A write-back to this cache is under way; `cache` outlives it.
  void Begun(std::string_view cache);
  /// It has ended.
  void Ended(std::string_view cache, const absl::Status& status);
  /// A cache that lacks the value and will not get it.
  void LeftOut(std::string_view cache, absl::StatusCode code);
  /// As LeftOut, but only for now: this server's own bound is reached.
  void Skipped(std::string_view cache);

  /// Nothing more will begin.
  void AllBegun();

  /// A Put or Forget has taken the key over: whatever was under way does not
  /// matter any more, and counts as done.
  void Overtaken();

 private:
  void Leave(Caller& caller) override;
  void PriorityChanged(Caller& /*caller*/, int /*before*/) override {}
  void LetGo(Caller& caller);
  void AnswerIfDone();
  void OnDue();
  void AnswerLater(Caller& caller, const LookupResult& result);
  /// Naming every cache that does not have it.
  LookupResult Failure() const;

  Loop& loop_;
  const LookupResult value_;
  std::list<Caller*> callers_;
  Deadlines deadlines_;
  std::vector<std::string_view> underway_;
  /// "redis UNAVAILABLE, mc DEADLINE_EXCEEDED".
  std::string missing_;
  /// Some cache would have refused, or failed, not just been skipped.
  bool failed_ = false;
  bool all_begun_ = false;
};

}  // namespace frontrunner
