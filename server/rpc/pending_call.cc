#include "server/rpc/pending_call.h"

#include <utility>

#include "server/rpc/errors.h"

namespace frontrunner {

PendingCall::PendingCall(ServerCall& call, InFlight::Permit permit, Loop& loop)
    : loop_(loop), call_(&call), permit_(std::move(permit)) {}

void PendingCall::Begin() {
  auto self = shared_from_this();
  // Before the post: afterwards the loop may end the call at any moment.
  call_->OnCancel([self] { self->loop_.Post([self] { self->Cancel(); }); });
  loop_.Post([self] { self->Start(); });
}

void PendingCall::Start() {
  if (call_ == nullptr) return;  // cancelled before its turn came
  attempt_ = Ask();
}

void PendingCall::Cancel() {
  if (call_ != nullptr) End(CancelledReply());
}

void PendingCall::End(Reply reply) {
  // The attempt may hold the callback that called this, and with it the last
  // reference.
  const auto self = shared_from_this();
  attempt_.reset();
  std::exchange(call_, nullptr)->Finish(std::move(reply));
  permit_.Release();
}

}  // namespace frontrunner
