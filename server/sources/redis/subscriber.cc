#include "server/sources/redis/subscriber.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <utility>

#include "server/base/strings.h"
#include "server/sources/redis/resp_command.h"
#include "server/sources/redis/resp_reader.h"

namespace frontrunner {
namespace {

constexpr size_t kWriteChunk = size_t{16} << 10;
constexpr size_t kReadChunk = size_t{16} << 10;
/// A Redis that talks all the time leaves the loop to others after so many.
constexpr int kReadsPerTurn = 8;

void Count(std::atomic<uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

RedisSubscriber::RedisSubscriber(EventLoop& loop, Settings settings,
                                 Heard heard)
    : loop_(loop),
      settings_(std::move(settings)),
      counters_(*settings_.watch.counters),
      heard_(std::move(heard)),
      resolver_(loop, settings_.connection.address),
      backoff_(settings_.connection.backoff,
               settings_.connection.seed + std::random_device{}()) {}

void RedisSubscriber::Subscribe(const std::string& channel) {
  ++wanted_;
  linger_timer_.reset();
  Channel& state = channels_[channel];
  state.wanted = true;
  Change(channel, state);
  if (!stream_ && !attempt_ && !retry_timer_) Open();
}

void RedisSubscriber::Unsubscribe(const std::string& channel) {
  Channel& state = channels_[channel];
  state.wanted = false;
  Change(channel, state);
  if (--wanted_ > 0) return;
  linger_timer_ =
      loop_.At(loop_.Now() + settings_.watch.linger, [this] { Close(); });
}

bool RedisSubscriber::confirmed(const std::string& channel) const {
  const auto found = channels_.find(channel);
  return found != channels_.end() && found->second.confirmed;
}

void RedisSubscriber::Change(const std::string& name, Channel& channel) {
  if (channel.changed) return;
  channel.changed = true;
  changes_.push_back(name);
  FlushLater();
}

void RedisSubscriber::Open() {
  retry_timer_.reset();
  attempt_ = std::make_unique<ConnectAttempt>(
      loop_, settings_.connection, resolver_, attempts_++,
      [this](absl::StatusOr<ConnectAttempt::Opened> opened) {
        attempt_.reset();
        if (opened.ok()) return OnOpened(*std::move(opened));
        Count(counters_.connect_failures);
        RetryLater(backoff_.Next());
      });
}

void RedisSubscriber::OnOpened(ConnectAttempt::Opened opened) {
  stream_ = std::move(opened.stream);
  reader_ = std::move(opened.reader);
  readable_ = NewEvent<&RedisSubscriber::OnReadable>(
      loop_.base(), stream_->fd(), EV_READ | EV_PERSIST, *this);
  writable_ = NewEvent<&RedisSubscriber::OnWritable>(
      loop_.base(), stream_->fd(), EV_WRITE, *this);
  opened_at_ = heard_at_ = loop_.Now();
  Count(counters_.connects);
  if (!readable_ || !writable_ || event_add(readable_.get(), nullptr) != 0) {
    return Lose();
  }
  OnWatch();
  if (TakeReplies()) FlushLater();
}

void RedisSubscriber::RetryLater(Duration delay) {
  retry_timer_ = loop_.At(loop_.Now() + delay, [this] { Open(); });
}

void RedisSubscriber::Lose() {
  Count(counters_.disconnects);
  const bool settled = loop_.Now() - opened_at_ >= settings_.connection.settled;
  if (settled) backoff_.Reset();
  Close();
  if (wanted_ > 0) RetryLater(settled ? Duration(0) : backoff_.Next());
}

void RedisSubscriber::Close() {
  attempt_.reset();
  retry_timer_.reset();
  watch_timer_.reset();
  readable_.reset();
  writable_.reset();
  waits_for_writable_ = false;
  stream_.reset();
  out_.clear();
  out_begin_ = 0;
  owed_ = 0;
  changes_.clear();
  absl::erase_if(channels_, [](const auto& it) { return !it.second.wanted; });
  for (auto& [name, channel] : channels_) {
    channel = {.wanted = true, .changed = true};
    changes_.push_back(name);
  }
}

void RedisSubscriber::FlushLater() {
  if (flush_timer_ || !stream_ || waits_for_writable_) return;
  // At the end of the turn: who comes and goes within it costs nothing.
  flush_timer_ = loop_.At(loop_.Now(), [this] { Flush(); });
}

void RedisSubscriber::Flush() {
  flush_timer_.reset();
  if (!stream_ || waits_for_writable_) return;
  do {
    FormatChanges();
    if (!WriteOut()) return;
  } while (!changes_.empty());
}

void RedisSubscriber::FormatChanges() {
  const bool owed_nothing = owed_ == 0;
  while (!changes_.empty() && out_.size() - out_begin_ < kWriteChunk) {
    const std::string name = std::move(changes_.front());
    changes_.pop_front();
    const auto found = channels_.find(name);
    Channel& channel = found->second;
    channel.changed = false;
    if (channel.wanted != channel.asked) {
      AppendCommand(out_, {channel.wanted ? "SUBSCRIBE" : "UNSUBSCRIBE", name});
      ++owed_;
      channel.asked = channel.wanted;
      channel.confirmed = false;
    }
    if (!channel.wanted) channels_.erase(found);
  }
  if (owed_nothing && owed_ > 0) heard_at_ = loop_.Now();
}

bool RedisSubscriber::WriteOut() {
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
      case IoResult::kFailed:
        Lose();
        return false;
    }
  }
  out_.clear();
  out_begin_ = 0;
  return true;
}

void RedisSubscriber::OnWritable() {
  waits_for_writable_ = false;
  Flush();
}

void RedisSubscriber::OnReadable() {
  Read();
  // A stream may have had to read before it could write.
  if (stream_ && out_begin_ < out_.size()) FlushLater();
}

void RedisSubscriber::Read() {
  std::array<char, kReadChunk> buffer;  // not initialised
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoResult result = stream_->Read(buffer.data(), buffer.size());
    switch (result.kind) {
      case IoResult::kDone:
        heard_at_ = loop_.Now();
        reader_->Feed({buffer.data(), result.bytes});
        if (!TakeReplies()) return;
        break;
      case IoResult::kWantRead:
        return;
      case IoResult::kWantWrite:
        waits_for_writable_ = true;
        event_add(writable_.get(), nullptr);
        return;
      case IoResult::kClosed:
      case IoResult::kFailed:
        return Lose();
    }
    // A short read has emptied the socket.
    if (result.bytes < buffer.size()) return;
  }
}

bool RedisSubscriber::TakeReplies() {
  for (;;) {
    absl::StatusOr<std::optional<CacheReply>> reply = reader_->Next();
    if (reply.ok() && !reply->has_value()) return true;
    if (!reply.ok() || !Take(**reply)) {
      Lose();
      return false;
    }
  }
}

bool RedisSubscriber::Take(const CacheReply& reply) {
  switch (static_cast<RespKind>(reply.kind)) {
    case RespKind::kArray:
      break;
    case RespKind::kStatus:  // to a PING while there is no subscription
      return owed_-- > 0;
    default:
      // An error: it does not let us. It may some time, so it is asked again.
      return false;
  }
  if (reply.line == "message") {
    Count(counters_.heard);
    const auto found = channels_.find(Absl(reply.body));
    if (found != channels_.end() && found->second.wanted) heard_(found->first);
    return true;
  }
  if (owed_ == 0) return false;
  --owed_;
  if (reply.line == "subscribe") TakeConfirmation(std::string(reply.body));
  return true;
}

void RedisSubscriber::TakeConfirmation(const std::string& channel) {
  const auto found = channels_.find(channel);
  // It may be about an earlier subscription, of a channel that was left and
  // wanted anew: then another one comes, and is told as well.
  if (found == channels_.end() || !found->second.asked) return;
  found->second.confirmed = true;
  if (found->second.wanted) heard_(found->first);
}

void RedisSubscriber::OnWatch() {
  const TimePoint now = loop_.Now();
  const Duration stall = settings_.connection.stall_timeout;
  const Duration quiet = now - heard_at_;
  if (owed_ > 0 && quiet >= stall) return Lose();
  if (owed_ == 0 && quiet >= settings_.watch.heartbeat) {
    AppendCommand(out_, {"PING"});
    owed_ = 1;
    heard_at_ = now;
    FlushLater();
  }
  // More often than needed, so that no command has to set it anew.
  watch_timer_ = loop_.At(now + std::min(stall, settings_.watch.heartbeat) / 2,
                          [this] { OnWatch(); });
}

}  // namespace frontrunner
