#include "server/sources/memcached/memcached.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/envelope/envelope.h"
#include "server/sources/memcached/meta_codec.h"
#include "server/sources/memcached/servers.h"
#include "server/sources/memcached/stored_key.h"

namespace frontrunner {
namespace {

using Kind = MetaReply::Kind;
using Servers = std::shared_ptr<MemcachedServers>;

/// A command's bytes beside its key and value, generously.
constexpr size_t kCommandOverhead = 80;

absl::Status ServerError(const std::string& server, const CacheReply& reply) {
  const std::string message = absl::StrCat(server, ": ", Absl(reply.line));
  if (reply.line.starts_with("object too large") ||
      reply.line.starts_with("out of memory")) {
    return absl::ResourceExhaustedError(message);
  }
  return absl::UnavailableError(message);
}

/// One command under way. It keeps the connections alive, so that its answer
/// comes even if the source is gone.
class MemcachedAttempt : public Attempt, public Command {
 public:
  MemcachedAttempt(Servers servers, const Query& query, Done done)
      : servers_(std::move(servers)),
        server_(servers_->Of(query.call->hash)),
        call_(query.call),
        done_(std::move(done)) {}

  void Send() {
    server_.connection->Send(
        *this, kCommandOverhead + std::min(call_->key.size(), kMaxKeyText) +
                   PayloadSize());
  }

 protected:
  virtual size_t PayloadSize() const { return 0; }
  virtual void Append(std::string& out, const StoredKey& key,
                      uint64_t opaque) = 0;
  /// Replies other than errors.
  virtual Outcome Interpret(Kind kind, std::string_view body) = 0;

  const CallContext& call() const { return *call_; }
  const MemcachedServers& servers() const { return *servers_; }

  absl::Status Unexpected() const {
    return absl::InternalError(
        absl::StrCat(server_.name, ": a reply that does not fit its command"));
  }

 private:
  void WriteTo(std::string& out) final {
    const StoredKey key =
        MakeStoredKey(servers_->settings().key_prefix, *call_);
    Append(out, key, server_.numbers->next++);
  }

  void OnReply(const CacheReply& reply) final {
    const auto kind = static_cast<Kind>(reply.kind);
    if (kind == Kind::kServerError) {
      Finish(ServerError(server_.name, reply));
    } else if (kind == Kind::kClientError) {
      Finish(absl::InternalError(
          absl::StrCat(server_.name, ": ", Absl(reply.line))));
    } else {
      Finish(Interpret(kind, reply.body));
    }
  }

  void OnFailure(absl::Status status) final { Finish(std::move(status)); }

  void Finish(Outcome outcome) {
    // It may destroy this.
    Done done = std::move(done_);
    std::move(done)(std::move(outcome));
  }

  const Servers servers_;
  MemcachedServers::Server& server_;
  const std::shared_ptr<const CallContext> call_;
  Done done_;
};

class FindAttempt final : public MemcachedAttempt {
 public:
  using MemcachedAttempt::MemcachedAttempt;

 private:
  void Append(std::string& out, const StoredKey& key,
              uint64_t opaque) override {
    AppendGet(out, key, opaque);
  }

  Outcome Interpret(Kind kind, std::string_view body) override {
    switch (kind) {
      case Kind::kValue:
        return DecodeEnvelope(call(), body, servers().loop().WallNow());
      case Kind::kMiss:
        return absl::NotFoundError("not in the cache");
      case Kind::kTooLarge:
        return absl::ResourceExhaustedError(
            "the stored value is larger than the limit");
      default:
        return Unexpected();
    }
  }
};

class StoreAttempt final : public MemcachedAttempt {
 public:
  StoreAttempt(Servers servers, const Query& query, Done done)
      : MemcachedAttempt(std::move(servers), query, std::move(done)),
        to_store_(query.to_store) {}

 private:
  size_t PayloadSize() const override {
    return kEnvelopeOverhead + to_store_->bytes->size();
  }

  void Append(std::string& out, const StoredKey& key,
              uint64_t opaque) override {
    AppendSet(out, key, opaque, MemcachedTtl(to_store_->ttl),
              EncodeEnvelope(call(), *to_store_, servers().loop().WallNow()));
  }

  Outcome Interpret(Kind kind, std::string_view /*body*/) override {
    if (kind != Kind::kDone) {
      return Unexpected();
    }
    return Value{.bytes = MakeBytes("")};
  }

  const std::shared_ptr<const ToStore> to_store_;
};

class EraseAttempt final : public MemcachedAttempt {
 public:
  using MemcachedAttempt::MemcachedAttempt;

 private:
  void Append(std::string& out, const StoredKey& key,
              uint64_t opaque) override {
    AppendDelete(out, key, opaque);
  }

  Outcome Interpret(Kind kind, std::string_view /*body*/) override {
    if (kind != Kind::kDone && kind != Kind::kMiss) {
      return Unexpected();
    }
    return Value{.bytes = MakeBytes("")};
  }
};

/// Fails in the loop's next turn.
class RefusedAttempt final : public Attempt {
 public:
  RefusedAttempt(Loop& loop, absl::Status status, Done done)
      : done_(std::move(done)),
        timer_(
            loop.At(loop.Now(), [this, status = std::move(status)]() mutable {
              Done finish = std::move(done_);
              std::move(finish)(std::move(status));
            })) {}

 private:
  Done done_;
  std::unique_ptr<Timer> timer_;
};

template <typename AttemptType>
class MemcachedSource : public Source {
 public:
  explicit MemcachedSource(Servers servers) : servers_(std::move(servers)) {}

  std::string_view name() const override { return servers_->settings().name; }

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    auto attempt =
        std::make_unique<AttemptType>(servers_, query, std::move(done));
    attempt->Send();
    return attempt;
  }

  Connectivity connectivity() const override {
    return servers_->connectivity();
  }

  void WhenOpened(absl::AnyInvocable<void() &&> opened) override {
    // The store may live on after this source.
    servers_->WhenOpened([opened = std::move(opened),
                          here = std::weak_ptr<int>(alive_)]() mutable {
      if (!here.expired()) {
        std::move(opened)();
      }
    });
  }

 protected:
  const Servers servers_;

 private:
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
};

class StoreSource final : public MemcachedSource<StoreAttempt> {
 public:
  using MemcachedSource::MemcachedSource;

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    if (query.to_store->bytes->size() > servers_->settings().max_value) {
      return std::make_unique<RefusedAttempt>(
          servers_->loop(),
          absl::ResourceExhaustedError("the value is larger than the limit"),
          std::move(done));
    }
    return MemcachedSource::Start(query, std::move(done));
  }
};

}  // namespace

Cache MakeMemcached(EventLoop& loop, MemcachedSettings settings) {
  auto servers = std::make_shared<MemcachedServers>(loop, std::move(settings));
  return {.find = std::make_shared<MemcachedSource<FindAttempt>>(servers),
          .store = std::make_shared<StoreSource>(servers),
          .erase = std::make_shared<MemcachedSource<EraseAttempt>>(servers)};
}

}  // namespace frontrunner
