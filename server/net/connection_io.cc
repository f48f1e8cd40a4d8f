#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/net/connection_impl.h"

namespace frontrunner {
namespace {

/// A connection that was quiet for so long is looked at before it is used.
constexpr Duration kQuiet = std::chrono::milliseconds(100);

void Count(std::atomic<uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void ConnectionImpl::Send(Command& command, size_t bytes) {
  if (state_ == State::kBroken) return FailLater(command, failure_);
  if (outstanding() >= settings_.max_outstanding ||
      held_bytes_ + bytes > settings_.max_unwritten) {
    Count(counters_->refused);
    return FailLater(command, absl::ResourceExhaustedError(
                                  absl::StrCat("too much is waiting for ",
                                               settings_.address.ToString())));
  }
  command.connection_ = this;
  command.place_ = Command::Place::kHeld;
  command.bytes_ = bytes;
  held_.PushBack(command);
  ++held_count_;
  held_bytes_ += bytes;
  if (state_ == State::kOpen) FlushLater();
}

void ConnectionImpl::GiveUp(Command& command) {
  switch (command.place_) {
    case Command::Place::kHeld:
      --held_count_;
      held_bytes_ -= command.bytes_;
      CommandList::Remove(command);
      break;
    case Command::Place::kFailing:
      CommandList::Remove(command);
      break;
    case Command::Place::kInLine:
      Count(counters_->abandoned);
      line_.Abandon(command.ticket_);
      break;
    case Command::Place::kNone:
      break;
  }
  CommandList::Detach(command);
}

void ConnectionImpl::FailLater(Command& command, absl::Status why) {
  command.connection_ = this;
  command.place_ = Command::Place::kFailing;
  command.failure_ = std::move(why);
  failing_.PushBack(command);
  FlushLater();
}

void ConnectionImpl::FlushLater() {
  if (flush_is_posted_) return;
  flush_is_posted_ = true;
  loop_.Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Flush();
  });
}

void ConnectionImpl::Flush() {
  flush_is_posted_ = false;
  if (shut_) return;
  // Those who fail while these are told are told in the next turn.
  CommandList failing;
  failing.TakeAll(failing_);
  while (!failing.empty()) {
    Command& command = failing.PopFront();
    CommandList::Detach(command);
    command.OnFailure(std::move(command.failure_));
    if (shut_) return;
  }
  WriteCommands();
}

void ConnectionImpl::WriteCommands() {
  if (state_ != State::kOpen || io_->waits_for_writable()) return;
  if (held_.empty() && io_->unwritten() == 0) return;
  if (line_.empty() && loop_.Now() - received_at_ > kQuiet) {
    // The peer may have closed it in the meantime: that is better found out
    // before a command goes down with it.
    ReadReplies();
    if (shut_ || state_ != State::kOpen) return;
  }
  do {
    FormatCommands();
    const absl::Status status = io_->Write();
    if (!status.ok()) return Lose(status, Reopen::kHold);
    if (io_->unwritten() > 0) return;  // it is called again
  } while (!held_.empty());
}

void ConnectionImpl::FormatCommands() {
  const bool nobody_waited = line_.empty();
  while (!held_.empty() && io_->unwritten() < kChunk) {
    Command& command = held_.PopFront();
    --held_count_;
    held_bytes_ -= command.bytes_;
    command.place_ = Command::Place::kInLine;
    command.ticket_ = line_.Join(command);
    command.WriteTo(io_->out());
    Count(counters_->commands);
  }
  if (line_.empty()) return;
  if (nobody_waited) waiting_since_ = loop_.Now();
  WatchForStall();
}

void ConnectionImpl::ReadReplies() {
  const auto self = shared_from_this();
  const absl::Status status = io_->Read([this](std::string_view bytes) {
    received_at_ = loop_.Now();
    reader_->Feed(bytes);
    return DeliverReplies();
  });
  if (!status.ok()) Lose(status, Reopen::kHold);
}

bool ConnectionImpl::DeliverReplies() {
  for (;;) {
    absl::StatusOr<std::optional<CacheReply>> reply = reader_->Next();
    if (!reply.ok()) {
      Lose(reply.status(), Reopen::kFail);
      return false;
    }
    if (!reply->has_value()) return true;
    if (line_.empty()) {
      Lose(absl::UnavailableError("it said something unasked"), Reopen::kFail);
      return false;
    }
    replied_at_ = received_at_;
    Command* const command = line_.Next();
    if (command == nullptr) {
      Count(counters_->late_replies);
      continue;
    }
    CommandList::Detach(*command);
    command->OnReply(**reply);
    if (shut_) return false;
  }
}

}  // namespace frontrunner
