#include "server/sources/redis/subscriber.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

#include "server/base/strings.h"
#include "server/sources/redis/resp_command.h"
#include "server/sources/redis/resp_reader.h"

namespace frontrunner {
namespace {

/// So much is formatted, and read, at a time.
constexpr size_t kChunk = size_t{16} << 10;

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
  if (!io_ && !attempt_ && !retry_timer_) Open();
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
  reader_ = std::move(opened.reader);
  io_ = std::make_unique<StreamIo>(
      loop_, std::move(opened.stream), kChunk,
      StreamIo::Handlers{.readable = [this] { Read(); },
                         .writable = [this] { Flush(); }});
  opened_at_ = heard_at_ = loop_.Now();
  Count(counters_.connects);
  if (!io_->Watch()) return Lose();
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
  io_.reset();
  owed_ = 0;
  changes_.clear();
  absl::erase_if(channels_, [](const auto& it) { return !it.second.wanted; });
  for (auto& [name, channel] : channels_) {
    channel = {.wanted = true, .changed = true};
    changes_.push_back(name);
  }
}

void RedisSubscriber::FlushLater() {
  if (flush_timer_ || !io_ || io_->waits_for_writable()) return;
  // At the end of the turn: who comes and goes within it costs nothing.
  flush_timer_ = loop_.At(loop_.Now(), [this] { Flush(); });
}

void RedisSubscriber::Flush() {
  flush_timer_.reset();
  if (!io_ || io_->waits_for_writable()) return;
  do {
    FormatChanges();
    if (!io_->Write().ok()) return Lose();
    if (io_->unwritten() > 0) return;  // it is called again
  } while (!changes_.empty());
}

void RedisSubscriber::FormatChanges() {
  const bool owed_nothing = owed_ == 0;
  while (!changes_.empty() && io_->unwritten() < kChunk) {
    const std::string name = std::move(changes_.front());
    changes_.pop_front();
    const auto found = channels_.find(name);
    Channel& channel = found->second;
    channel.changed = false;
    if (channel.wanted != channel.asked) {
      AppendCommand(io_->out(),
                    {channel.wanted ? "SUBSCRIBE" : "UNSUBSCRIBE", name});
      ++owed_;
      channel.asked = channel.wanted;
      channel.confirmed = false;
    }
    if (!channel.wanted) channels_.erase(found);
  }
  if (owed_nothing && owed_ > 0) heard_at_ = loop_.Now();
}

void RedisSubscriber::Read() {
  const absl::Status status = io_->Read([this](std::string_view bytes) {
    heard_at_ = loop_.Now();
    reader_->Feed(bytes);
    return TakeReplies();
  });
  if (!status.ok()) Lose();
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
    AppendCommand(io_->out(), {"PING"});
    owed_ = 1;
    heard_at_ = now;
    FlushLater();
  }
  // More often than needed, so that no command has to set it anew.
  watch_timer_ = loop_.At(now + std::min(stall, settings_.watch.heartbeat) / 2,
                          [this] { OnWatch(); });
}

}  // namespace frontrunner
