#include "server/rpc/latest_value_stream.h"

#include <utility>

#include "server/rpc/errors.h"

namespace frontrunner {

void LatestValueStream::Begin(absl::AnyInvocable<void() &&> over) {
  over_ = std::move(over);
  call_->OnCancel(
      [self = shared_from_this()] { self->Abort(CancelledReply()); });
  Proceed();
}

void LatestValueStream::Offer(Message message) {
  {
    std::lock_guard lock(mutex_);
    if (end_) return;
    // What it replaces goes after the lock, with the argument.
    std::swap(next_, message);
    if (std::exchange(busy_, true)) return;
  }
  Proceed();
}

void LatestValueStream::Finish(Reply reply) {
  {
    std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = std::move(reply);
    if (std::exchange(busy_, true)) return;
  }
  Proceed();
}

void LatestValueStream::Abort(Reply reply) {
  Message dropped;
  {
    std::lock_guard lock(mutex_);
    std::swap(next_, dropped);
    if (!end_ || dropped) end_ = std::move(reply);
    if (std::exchange(busy_, true)) return;
  }
  Proceed();
}

void LatestValueStream::Proceed() {
  const auto self = shared_from_this();
  for (;;) {
    Message next;
    {
      std::lock_guard lock(mutex_);
      std::swap(next, next_);
      if (!next && !end_) {
        busy_ = false;
        return;
      }
    }
    if (!next) break;
    if (auto message = std::move(next)()) {
      call_->Write(*std::move(message), [self](bool ok) { self->Sent(ok); });
      return;
    }
  }
  std::move(over_)();
  std::exchange(call_, nullptr)->Finish(*std::move(end_));
}

void LatestValueStream::Sent(bool ok) {
  // Busy still, so this only notes it.
  if (!ok) Abort(CancelledReply());
  Proceed();
}

}  // namespace frontrunner
