#include "server/sources/redis/redis.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/envelope/envelope.h"
#include "server/sources/redis/error_status.h"
#include "server/sources/redis/redis_connections.h"
#include "server/sources/redis/redis_watch.h"
#include "server/sources/redis/resp_command.h"
#include "server/sources/redis/resp_reader.h"
#include "server/sources/redis/stored_key.h"

namespace frontrunner {
namespace {

using Connections = std::shared_ptr<RedisConnections>;

/// A command's bytes beside its key and value, generously.
constexpr size_t kCommandOverhead = 128;

/// One command under way. It keeps the connections alive, so that its answer
/// comes even if the source is gone.
class RedisAttempt : public Attempt, public Command {
 public:
  RedisAttempt(Connections connections, const Query& query, Done done)
      : connections_(std::move(connections)),
        call_(query.call),
        done_(std::move(done)) {}

  void Send() {
    connections_->Of(*call_).Send(
        *this, kCommandOverhead + connections_->settings().key_prefix.size() +
                   call_->table.size() + call_->key.size() + PayloadSize());
  }

 protected:
  virtual size_t PayloadSize() const { return 0; }
  virtual void Append(std::string& out, std::string_view key) = 0;
  /// Replies other than errors.
  virtual Outcome Interpret(RespKind kind, const CacheReply& reply) = 0;

  const CallContext& call() const { return *call_; }
  void Announce() { connections_->Announce(*call_); }
  WallTime WallNow() const { return connections_->loop().WallNow(); }

  absl::Status Unexpected() const {
    return absl::InternalError(absl::StrCat(
        connections_->server(), " gave a reply that does not fit its command"));
  }

 private:
  void WriteTo(std::string& out) final {
    Append(out, StoredKey(connections_->settings().key_prefix, *call_));
  }

  void OnReply(const CacheReply& reply) final {
    const auto kind = static_cast<RespKind>(reply.kind);
    if (kind == RespKind::kError) {
      return Finish(RedisErrorStatus(connections_->server(), reply.line));
    }
    Finish(Interpret(kind, reply));
  }

  void OnFailure(absl::Status status) final { Finish(std::move(status)); }

  void Finish(Outcome outcome) {
    // It may destroy this.
    Done done = std::move(done_);
    std::move(done)(std::move(outcome));
  }

  const Connections connections_;
  const std::shared_ptr<const CallContext> call_;
  Done done_;
};

class FindAttempt final : public RedisAttempt {
 public:
  using RedisAttempt::RedisAttempt;

 private:
  void Append(std::string& out, std::string_view key) override {
    AppendCommand(out, {"GET", key});
  }

  Outcome Interpret(RespKind kind, const CacheReply& reply) override {
    switch (kind) {
      case RespKind::kBulk:
        return DecodeEnvelope(call(), reply.body, WallNow());
      case RespKind::kNil:
        return absl::NotFoundError("not in the cache");
      case RespKind::kTooLarge:
        return absl::ResourceExhaustedError(
            "the stored value is larger than the limit");
      default:
        return Unexpected();
    }
  }
};

class StoreAttempt final : public RedisAttempt {
 public:
  StoreAttempt(Connections connections, const Query& query, Done done)
      : RedisAttempt(std::move(connections), query, std::move(done)),
        to_store_(query.to_store) {}

 private:
  size_t PayloadSize() const override {
    return kEnvelopeOverhead + to_store_->bytes->size();
  }

  void Append(std::string& out, std::string_view key) override {
    const std::string value = EncodeEnvelope(call(), *to_store_, WallNow());
    // Only now: what is given up before it is sent is not announced either.
    if (to_store_->announce) Announce();
    if (!to_store_->ttl) return AppendCommand(out, {"SET", key, value});
    // Rounded up, since Redis refuses zero; the envelope knows the exact time.
    const auto ttl =
        std::chrono::ceil<std::chrono::milliseconds>(*to_store_->ttl);
    AppendCommand(out, {"SET", key, value, "PX", std::to_string(ttl.count())});
  }

  Outcome Interpret(RespKind kind, const CacheReply& /*reply*/) override {
    if (kind != RespKind::kStatus) return Unexpected();
    return Value{.bytes = MakeBytes("")};
  }

  const std::shared_ptr<const ToStore> to_store_;
};

class EraseAttempt final : public RedisAttempt {
 public:
  using RedisAttempt::RedisAttempt;

 private:
  void Append(std::string& out, std::string_view key) override {
    AppendCommand(out, {"DEL", key});
  }

  Outcome Interpret(RespKind kind, const CacheReply& /*reply*/) override {
    if (kind != RespKind::kInteger) return Unexpected();
    return Value{.bytes = MakeBytes("")};
  }
};

/// A failure that was clear before anything was sent, told in the next turn.
class RefusedAttempt final : public Attempt {
 public:
  RefusedAttempt(EventLoop& loop, absl::Status why, Done done)
      : done_(std::move(done)),
        timer_(loop.At(loop.Now(), [this, why = std::move(why)]() mutable {
          Done told = std::move(done_);
          std::move(told)(std::move(why));
        })) {}

 private:
  Done done_;
  std::unique_ptr<Timer> timer_;
};

class RedisSource : public Source {
 public:
  explicit RedisSource(Connections connections)
      : connections_(std::move(connections)) {}

  std::string_view name() const final { return connections_->settings().name; }
  Connectivity connectivity() const final {
    return connections_->connectivity();
  }
  void WhenOpened(absl::AnyInvocable<void() &&> opened) final {
    connections_->WhenOpened(std::move(opened));
  }

 protected:
  template <class A>
  std::unique_ptr<Attempt> StartAttempt(const Query& query, Done done) {
    auto attempt = std::make_unique<A>(connections_, query, std::move(done));
    attempt->Send();
    return attempt;
  }

  const Connections connections_;
};

class FindSource final : public RedisSource {
 public:
  using RedisSource::RedisSource;
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    return StartAttempt<FindAttempt>(query, std::move(done));
  }
};

class StoreSource final : public RedisSource {
 public:
  using RedisSource::RedisSource;
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    if (query.to_store->bytes->size() > connections_->settings().max_value) {
      return std::make_unique<RefusedAttempt>(
          connections_->loop(),
          absl::ResourceExhaustedError("the value is larger than the limit"),
          std::move(done));
    }
    return StartAttempt<StoreAttempt>(query, std::move(done));
  }
};

class EraseSource final : public RedisSource {
 public:
  using RedisSource::RedisSource;
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    return StartAttempt<EraseAttempt>(query, std::move(done));
  }
};

}  // namespace

Cache MakeRedis(EventLoop& loop, RedisSettings settings) {
  if (!settings.watch.counters) {
    settings.watch.counters = std::make_shared<RedisWatchCounters>();
  }
  auto watch = MakeRedisWatch(loop, settings);
  auto connections =
      std::make_shared<RedisConnections>(loop, std::move(settings));
  return {.find = std::make_shared<FindSource>(connections),
          .store = std::make_shared<StoreSource>(connections),
          .erase = std::make_shared<EraseSource>(connections),
          .watch = std::move(watch)};
}

}  // namespace frontrunner
