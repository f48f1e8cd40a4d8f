#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/net/connection_impl.h"

namespace frontrunner {
namespace {

/// As many commands are formatted at a time as fill so much; the rest can still
/// be given up.
constexpr size_t kWriteChunk = size_t{64} << 10;
constexpr size_t kReadChunk = size_t{64} << 10;
/// A peer that talks all the time leaves the loop to others after so many.
constexpr int kReadsPerTurn = 8;
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
  if (state_ != State::kOpen || waits_for_writable_) return;
  if (held_.empty() && out_.empty()) return;
  if (line_.empty() && loop_.Now() - received_at_ > kQuiet) {
    // The peer may have closed it in the meantime: that is better found out
    // before a command goes down with it.
    OnReadable();
    if (shut_ || state_ != State::kOpen) return;
  }
  do {
    FormatCommands();
    if (!WriteOut()) return;
  } while (!held_.empty());
}

void ConnectionImpl::FormatCommands() {
  const bool nobody_waited = line_.empty();
  while (!held_.empty() && out_.size() - out_begin_ < kWriteChunk) {
    Command& command = held_.PopFront();
    --held_count_;
    held_bytes_ -= command.bytes_;
    command.place_ = Command::Place::kInLine;
    command.ticket_ = line_.Join(command);
    command.WriteTo(out_);
    Count(counters_->commands);
  }
  if (line_.empty()) return;
  if (nobody_waited) waiting_since_ = loop_.Now();
  WatchForStall();
}

bool ConnectionImpl::WriteOut() {
  while (out_begin_ < out_.size()) {
    const IoResult result =
        stream_->Write(out_.data() + out_begin_, out_.size() - out_begin_);
    switch (result.kind) {
      case IoResult::kDone:
        out_begin_ += result.bytes;
        break;
      case IoResult::kWantRead:
        return false;  // OnReadable goes on
      case IoResult::kWantWrite:
        waits_for_writable_ = true;
        event_add(writable_.get(), nullptr);
        return false;
      case IoResult::kClosed:
        Lose(absl::UnavailableError("closed by the peer"), Reopen::kHold);
        return false;
      case IoResult::kFailed:
        Lose(absl::UnavailableError(std::strerror(result.error)),
             Reopen::kHold);
        return false;
    }
  }
  // One large value does not keep its memory for ever.
  if (out_.capacity() > 4 * kWriteChunk) {
    out_ = std::string();
  } else {
    out_.clear();
  }
  out_begin_ = 0;
  return true;
}

void ConnectionImpl::OnWritable() {
  waits_for_writable_ = false;
  WriteCommands();
}

void ConnectionImpl::OnReadable() {
  const auto self = shared_from_this();
  std::array<char, kReadChunk> buffer;  // not initialised
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoResult result = stream_->Read(buffer.data(), buffer.size());
    switch (result.kind) {
      case IoResult::kDone:
        received_at_ = loop_.Now();
        reader_->Feed({buffer.data(), result.bytes});
        if (!DeliverReplies()) return;
        break;
      case IoResult::kWantRead:
        return;
      case IoResult::kWantWrite:
        waits_for_writable_ = true;
        event_add(writable_.get(), nullptr);
        return;
      case IoResult::kClosed:
        return Lose(absl::UnavailableError("closed by the peer"),
                    Reopen::kHold);
      case IoResult::kFailed:
        return Lose(absl::UnavailableError(std::strerror(result.error)),
                    Reopen::kHold);
    }
    // A short read has emptied the socket.
    if (result.bytes < buffer.size()) return;
  }
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
