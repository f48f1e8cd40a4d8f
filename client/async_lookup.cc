#include "client/async_lookup.h"

#include <utility>

#include "client/channel.h"

namespace frontrunner {

void AsyncLookup::Start() { Try(); }

void AsyncLookup::Refuse(absl::Status failure) {
  failure_ = std::move(failure);
  // On a thread of the library: `done` may want a lock its caller holds.
  WaitThen(Duration(0), &AsyncLookup::End);
}

void AsyncLookup::Try() {
  const std::lock_guard lock(mutex_);
  if (cancelled_) {
    failure_ = absl::CancelledError("cancelled by the caller");
    // Not End() under the lock, nor inside Start.
    timer_ = std::make_unique<grpc::Alarm>();
    timer_->Set(SystemDeadline(Duration(0)),
                [self = shared_from_this()](bool) { self->End(); });
    return;
  }
  ++tried_;
  response_.Clear();
  context_ = std::make_unique<grpc::ClientContext>();
  context_->set_deadline(
      SystemDeadline(settings_.deadline - std::chrono::steady_clock::now()));
  settings_.stub->async()->Lookup(
      context_.get(), &settings_.request, &response_,
      [self = shared_from_this()](const grpc::Status& status) {
        self->OnTried(status);
      });
}

void AsyncLookup::OnTried(const grpc::Status& status) {
  failure_ = FromGrpc(status);
  if (failure_.ok()) return End();
  const auto delay = settings_.retry.DelayAfter(
      failure_, tried_, settings_.deadline - std::chrono::steady_clock::now(),
      settings_.random());
  if (!delay) return End();
  WaitThen(*delay, &AsyncLookup::Try);
}

void AsyncLookup::WaitThen(Duration delay, void (AsyncLookup::*next)()) {
  const std::lock_guard lock(mutex_);
  timer_ = std::make_unique<grpc::Alarm>();
  timer_->Set(SystemDeadline(cancelled_ ? Duration(0) : delay),
              [self = shared_from_this(), next](bool) {
                // Try itself sees whether it was cancelled.
                (self.get()->*next)();
              });
}

void AsyncLookup::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (context_) context_->TryCancel();
  if (timer_) timer_->Cancel();
}

void AsyncLookup::End() {
  {
    // What the callback holds goes with it, not with the last AsyncCall.
    Client::LookupDone done = std::move(settings_.done);
    if (failure_.ok()) {
      std::move(done)(std::move(response_));
    } else {
      std::move(done)(std::move(failure_));
    }
  }
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::Alarm> timer;
  {
    const std::lock_guard lock(mutex_);
    context = std::move(context_);
    timer = std::move(timer_);
  }
  // The context holds the channel, which must not be destroyed in a callback:
  // give it back before the client may go.
  context.reset();
  timer.reset();
  settings_.ended(this);
}

}  // namespace frontrunner
