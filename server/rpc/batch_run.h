#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/race/race.h"
#include "server/rpc/handler_parts.h"
#include "server/rpc/request_checks.h"
#include "server/rpc/transport.h"
#include "server/tables/table.h"

namespace frontrunner {

/// One BatchLookup under way. Its keys live on several loops and its writes end
/// on edge threads; what they share is guarded by one mutex, held for a few
/// instructions and never across a call to anybody.
///
/// At most `window` keys are under way, or answered and not yet written: the
/// next one starts when an answer has been written, so a caller who does not
/// read stops the batch instead of filling the server. An answer waits as the
/// value itself, shared with whoever else has it, and is encoded when its turn
/// to be written comes.
///
/// The call ends when no key is under way any more, also when the caller leaves
/// early: then every attempt is destroyed on its loop first.
class BatchRun : public std::enable_shared_from_this<BatchRun> {
 public:
  struct Settings {
    /// Distinct.
    std::vector<std::string> keys;
    /// Greater than zero.
    size_t window = 1;
    int priority = 0;
    CachePolicy policy = CachePolicy::kDefault;
  };

  BatchRun(ServerCall& call, InFlight::Permit permit, const HandlerParts& parts,
           const Destination& destination, Settings settings);

  /// Inside Handle, once, and the last thing there.
  void Begin();

 private:
  struct Item {
    std::string key;
    /// From its start to its writing; the key has moved here then.
    std::shared_ptr<const CallContext> context;
    /// Where it is under way; null otherwise. Guarded by mutex_.
    TableShard* shard = nullptr;
    /// Touched on that shard's loop only. Set: asked, and not ended.
    std::unique_ptr<Attempt> attempt;
  };
  using Answer = std::variant<LookupResult, Table::Found, Mistake>;
  struct Ready {
    size_t index;
    Answer answer;
  };

  /// Does whatever is to be done next, until there is nothing. One thread at a
  /// time; who comes while another is at it leaves the work to that one.
  void Pump();
  /// Pump's loop. The caller has set pumping_.
  void PumpOn();

  /// On the pumping thread: answers at once, or sends the key to its loop.
  void StartKey(size_t index);
  /// On the key's loop.
  void Ask(size_t index);
  void Answered(size_t index, LookupResult result);
  void CancelKey(size_t index);
  /// The key is no longer under way; without an answer where the caller left.
  void Ended(size_t index, std::optional<Answer> answer);

  void Sent(bool ok);
  /// The caller is gone.
  void Leave();
  std::string Encode(const Ready& ready);

  /// Null once the call has ended; touched by the pumping thread only.
  ServerCall* call_;
  InFlight::Permit permit_;
  const HandlerParts parts_;
  const Destination destination_;
  const TimePoint deadline_;
  const size_t window_;
  const int priority_;
  const CachePolicy policy_;
  /// Never grows or shrinks.
  std::vector<Item> items_;

  std::mutex mutex_;  // guards everything below
  /// The first item not started.
  size_t next_ = 0;
  size_t underway_ = 0;
  std::deque<Ready> ready_;
  bool writing_ = false;
  bool pumping_ = false;
  bool leaving_ = false;
};

}  // namespace frontrunner
