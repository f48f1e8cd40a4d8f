#include "server/sources/redis/redis_connections.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "server/sources/envelope/envelope.h"
#include "server/sources/redis/greetings.h"
#include "server/sources/redis/resp_command.h"
#include "server/sources/redis/resp_reader.h"
#include "server/sources/redis/stored_key.h"

namespace frontrunner {

/// Told to nobody but the counters.
class RedisConnections::Announcement final : public Command {
 public:
  Announcement(RedisConnections& owner, std::string channel)
      : owner_(owner), channel_(std::move(channel)) {}

  size_t size() const { return channel_.size() + kOverhead; }

  std::list<Announcement>::iterator place;

 private:
  /// Of a command's bytes beside the channel, generously.
  static constexpr size_t kOverhead = 64;

  void WriteTo(std::string& out) override {
    AppendCommand(out, {"PUBLISH", channel_, ""});
  }
  void OnReply(const CacheReply& reply) override {
    End(reply.kind == static_cast<int>(RespKind::kInteger));
  }
  void OnFailure(absl::Status /*status*/) override { End(false); }

  void End(bool announced) {
    RedisWatchCounters& counters = *owner_.settings_.watch.counters;
    (announced ? counters.announced : counters.announce_failures)
        .fetch_add(1, std::memory_order_relaxed);
    owner_.announcements_.erase(place);
  }

  RedisConnections& owner_;
  const std::string channel_;
};

RedisConnections::RedisConnections(EventLoop& loop, RedisSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      server_(settings_.address.ToString()) {
  for (size_t i = 0; i < std::max<size_t>(settings_.connections, 1); ++i) {
    ConnectionSettings connection = settings_.connection;
    connection.address = settings_.address;
    connection.greetings = RedisGreetings(settings_);
    connection.new_reader = [cap = settings_.max_value + kEnvelopeOverhead] {
      return std::make_unique<RespReader>(cap);
    };
    connection.observer = [this, observer = settings_.connection.observer](
                              Connectivity now, const absl::Status& why) {
      if (observer) observer(now, why);
      OnChange();
    };
    connections_.push_back(
        std::make_unique<Connection>(loop_, std::move(connection)));
  }
}

RedisConnections::~RedisConnections() = default;

void RedisConnections::Announce(const CallContext& call) {
  Announcement& announcement =
      announcements_.emplace_back(*this, ChannelOf(settings_.key_prefix, call));
  announcement.place = std::prev(announcements_.end());
  Of(call).Send(announcement, announcement.size());
}

Connectivity RedisConnections::connectivity() const {
  Connectivity best = Connectivity::kDisconnected;
  for (const auto& connection : connections_) {
    const Connectivity its = connection->connectivity();
    if (its == Connectivity::kConnected) return its;
    if (its == Connectivity::kOpening) best = its;
  }
  return best;
}

void RedisConnections::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  waiting_.push_back(std::move(opened));
  OnChange();
}

void RedisConnections::OnChange() {
  if (waiting_.empty() || connectivity() == Connectivity::kOpening) return;
  // Not from within a connection: who waits may let go of all of them.
  loop_.Post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    for (auto& opened : std::exchange(self->waiting_, {})) std::move(opened)();
  });
}

}  // namespace frontrunner
