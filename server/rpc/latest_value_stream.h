#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// A server-streaming call that tells its caller how something is. Messages are
/// written one at a time; while one is under way only the newest of those
/// offered waits for its turn. So a caller who reads slowly misses values in
/// between, never the last, and fills no memory.
///
/// Any thread, but for Begin. Nobody is called with the lock held. To be made
/// with make_shared: the call keeps it until it has ended.
class LatestValueStream
    : public std::enable_shared_from_this<LatestValueStream> {
 public:
  /// Makes the message when its turn has come; nullopt: there is nothing to say
  /// after all. Runs once or, where a newer one or the end comes first, never;
  /// on the thread of whoever offers, of Begin, or of the edge. Those of one
  /// stream run one after the other.
  using Message = absl::AnyInvocable<std::optional<std::string>() &&>;

  /// Nothing happens to `call` before Begin.
  explicit LatestValueStream(ServerCall& call) : call_(&call) {}
  LatestValueStream(const LatestValueStream&) = delete;
  LatestValueStream& operator=(const LatestValueStream&) = delete;

  /// Inside Handle, once, and the last thing there: from here on the stream
  /// finishes the call, also when the caller leaves. `over` runs once, right
  /// before it does; the call and whatever outlives it may be gone afterwards.
  void Begin(absl::AnyInvocable<void() &&> over);

  /// Takes the place of an offer that still waits. Nothing after Finish or
  /// Abort.
  void Offer(Message message);

  /// Ends the call when what waits has been written. The first reply given
  /// counts.
  void Finish(Reply reply);

  /// Ends the call as soon as no write is under way; what waits is dropped.
  /// The first reply given counts, but for a Finish whose last message is
  /// dropped: nobody is to take that for the whole.
  void Abort(Reply reply);

 private:
  /// By whoever has set busy_.
  void Proceed();
  void Sent(bool ok);

  /// Touched by whoever is busy only.
  ServerCall* call_;
  absl::AnyInvocable<void() &&> over_;
  std::mutex mutex_;  // guards all below
  Message next_;
  std::optional<Reply> end_;
  /// A write is under way, or somebody is looking for what to do next. True
  /// from the start: an offer, or a cancellation that comes at once, must not
  /// write or end the call under Begin's feet. At the end it stays true.
  bool busy_ = true;
};

}  // namespace frontrunner
