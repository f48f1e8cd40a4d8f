#include "server/net/connection_impl.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

void Count(std::atomic<uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

ConnectionImpl::ConnectionImpl(EventLoop& loop, ConnectionSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      counters_(settings_.counters != nullptr
                    ? settings_.counters
                    : std::make_shared<ConnectionCounters>()),
      resolver_(loop, settings_.address),
      backoff_(settings_.backoff, settings_.seed + std::random_device{}()) {}

void ConnectionImpl::Shut() {
  shut_ = true;
  attempt_.reset();
  retry_timer_.reset();
  stall_timer_.reset();
  io_.reset();
  when_opened_.clear();
  while (!held_.empty()) CommandList::Detach(held_.PopFront());
  while (!failing_.empty()) CommandList::Detach(failing_.PopFront());
  while (!line_.empty()) {
    if (Command* const command = line_.Next()) CommandList::Detach(*command);
  }
}

void ConnectionImpl::BeginAttempt() {
  retry_timer_.reset();
  attempt_ = std::make_unique<ConnectAttempt>(
      loop_, settings_, resolver_, attempts_++,
      [this](absl::StatusOr<ConnectAttempt::Opened> opened) {
        if (opened.ok()) {
          OnOpened(*std::move(opened));
        } else {
          OnAttemptFailed(opened.status());
        }
      });
}

void ConnectionImpl::OnOpened(ConnectAttempt::Opened opened) {
  attempt_.reset();
  reader_ = std::move(opened.reader);
  io_ = std::make_unique<StreamIo>(
      loop_, std::move(opened.stream), kChunk,
      StreamIo::Handlers{.readable = [this] { ReadReplies(); },
                         .writable = [this] { WriteCommands(); }});
  if (!io_->Watch()) {
    return OnAttemptFailed(absl::UnavailableError("out of memory"));
  }
  Count(counters_->connects);
  state_ = State::kOpen;
  opened_at_ = received_at_ = replied_at_ = loop_.Now();
  failure_ = absl::OkStatus();
  SetConnectivity(Connectivity::kConnected, absl::OkStatus());
  // What came behind the last greeting's reply must not become the first
  // command's.
  if (DeliverReplies()) FlushLater();
}

void ConnectionImpl::OnAttemptFailed(const absl::Status& why) {
  attempt_.reset();
  io_.reset();
  Count(counters_->connect_failures);
  BecomeBroken(why);
  retry_timer_ =
      loop_.At(loop_.Now() + backoff_.Next(), [this] { BeginAttempt(); });
}

void ConnectionImpl::Lose(const absl::Status& why, Reopen reopen) {
  Count(counters_->disconnects);
  const bool settled = loop_.Now() - opened_at_ >= settings_.settled;
  if (settled) backoff_.Reset();
  stall_timer_.reset();
  io_.reset();
  const absl::Status lost = absl::UnavailableError(
      absl::StrCat("lost ", settings_.address.ToString(), ": ", why.message()));
  while (!line_.empty()) {
    if (Command* const command = line_.Next()) FailLater(*command, lost);
  }
  if (settled && reopen == Reopen::kHold) {
    state_ = State::kHolding;
    BeginAttempt();
    return;
  }
  BecomeBroken(why);
  retry_timer_ =
      loop_.At(loop_.Now() + (settled ? Duration(0) : backoff_.Next()),
               [this] { BeginAttempt(); });
}

void ConnectionImpl::BecomeBroken(const absl::Status& why) {
  state_ = State::kBroken;
  failure_ = absl::UnavailableError(absl::StrCat(
      "not connected to ", settings_.address.ToString(), ": ", why.message()));
  while (!held_.empty()) FailLater(held_.PopFront(), failure_);
  held_count_ = 0;
  held_bytes_ = 0;
  SetConnectivity(Connectivity::kDisconnected, failure_);
}

void ConnectionImpl::SetConnectivity(Connectivity connectivity,
                                     const absl::Status& why) {
  const Connectivity before =
      connectivity_.exchange(connectivity, std::memory_order_acq_rel);
  if (before == Connectivity::kOpening) {
    for (auto& opened : std::exchange(when_opened_, {})) {
      PostOpened(std::move(opened));
    }
  }
  if (before != connectivity && settings_.observer) {
    settings_.observer(connectivity, why);
  }
}

void ConnectionImpl::WhenOpened(Opened opened) {
  if (connectivity() == Connectivity::kOpening) {
    when_opened_.push_back(std::move(opened));
  } else {
    PostOpened(std::move(opened));
  }
}

void ConnectionImpl::PostOpened(Opened opened) {
  loop_.Post([weak = weak_from_this(), opened = std::move(opened)]() mutable {
    const auto self = weak.lock();
    if (self != nullptr && !self->shut_) std::move(opened)();
  });
}

void ConnectionImpl::WatchForStall() {
  if (stall_timer_ != nullptr) return;
  const TimePoint until =
      std::min(std::max(received_at_, waiting_since_) + settings_.stall_timeout,
               std::max(replied_at_, waiting_since_) + settings_.reply_timeout);
  stall_timer_ = loop_.At(until, [this] { OnStallTimer(); });
}

void ConnectionImpl::OnStallTimer() {
  stall_timer_.reset();
  // The next to wait for a reply sets it again.
  if (line_.empty()) return;
  const TimePoint now = loop_.Now();
  if (now - std::max(received_at_, waiting_since_) >= settings_.stall_timeout) {
    return Lose(absl::UnavailableError("it has gone silent"), Reopen::kFail);
  }
  if (now - std::max(replied_at_, waiting_since_) >= settings_.reply_timeout) {
    return Lose(absl::UnavailableError("it is too slow"), Reopen::kFail);
  }
  WatchForStall();
}

}  // namespace frontrunner
