#pragma once

#include <memory>

#include "server/loop/loop.h"
#include "server/race/source.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// A unary call that has gone to its loop: the one allocation in which the
/// edge, the loop and the caller's cancellation meet. All that they contend for
/// is decided on the loop, so that whoever comes first there ends the call, and
/// who comes later finds it ended.
class PendingCall : public std::enable_shared_from_this<PendingCall> {
 public:
  /// `loop` runs until the call has ended.
  PendingCall(ServerCall& call, InFlight::Permit permit, Loop& loop);
  virtual ~PendingCall() = default;
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;

  /// Inside Handle, once, and the last thing there: from here on the call
  /// belongs to the loop and may have ended already.
  void Begin();

 protected:
  /// On the loop: asks, with a done callback that keeps this alive (see Keep)
  /// and calls End.
  virtual std::unique_ptr<Attempt> Ask() = 0;

  /// On the loop: lets go of the attempt, answers the caller, and gives the
  /// permit back, in this order, so that a server with nothing in flight has no
  /// attempt left and has answered everybody, but for those that gave it back
  /// early. To be called by Ask's callback.
  void End(Reply reply);

  /// On the loop: gives the permit back before the end. For a call that takes
  /// no work from here on, and whose number something else bounds.
  void ReleasePermit() { permit_.Release(); }

  template <typename Self>
  static std::shared_ptr<Self> Keep(Self* self) {
    return std::static_pointer_cast<Self>(self->shared_from_this());
  }

 private:
  void Start();
  void Cancel();

  Loop& loop_;
  /// Touched on the loop only; null once the call has ended.
  ServerCall* call_;
  InFlight::Permit permit_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace frontrunner
