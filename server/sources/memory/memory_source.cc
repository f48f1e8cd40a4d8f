#include "server/sources/memory/memory_source.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace frontrunner {
namespace {

/// An answer on its way through the loop.
class PostedAnswer final : public Attempt {
 public:
  PostedAnswer(Loop& loop, Outcome outcome, Done done)
      : waiting_(std::make_shared<Waiting>()) {
    waiting_->done = std::move(done);
    loop.Post([waiting = waiting_, outcome = std::move(outcome)]() mutable {
      if (!waiting->done) return;
      Done then = std::exchange(waiting->done, nullptr);
      std::move(then)(std::move(outcome));
    });
  }
  ~PostedAnswer() override { waiting_->done = nullptr; }

 private:
  struct Waiting {
    Done done;
  };
  const std::shared_ptr<Waiting> waiting_;
};

class MemorySource : public Source {
 public:
  MemorySource(Loop& loop, std::shared_ptr<MemoryStore> store,
               std::shared_ptr<const std::string> name)
      : loop_(loop), store_(std::move(store)), name_(std::move(name)) {}

  std::string_view name() const final { return *name_; }

  std::unique_ptr<Attempt> Start(const Query& query, Done done) final {
    return std::make_unique<PostedAnswer>(loop_, Answer(query),
                                          std::move(done));
  }

 protected:
  MemoryStore& store() { return *store_; }

 private:
  virtual Outcome Answer(const Query& query) = 0;

  Loop& loop_;
  const std::shared_ptr<MemoryStore> store_;
  const std::shared_ptr<const std::string> name_;
};

/// The success of a cache's `store` and `erase`.
Value Confirmation() {
  Value value;
  value.bytes = MakeBytes("");
  return value;
}

class Find final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  bool peekable() const override { return true; }
  std::optional<Value> Peek(const CallContext& call) override {
    return store().Get(call);
  }

 private:
  Outcome Answer(const Query& query) override {
    std::optional<Value> value = store().Get(*query.call);
    if (!value) return absl::NotFoundError("not in memory");
    return *std::move(value);
  }
};

class Store final : public MemorySource {
 public:
  using MemorySource::MemorySource;

 private:
  Outcome Answer(const Query& query) override {
    if (!query.to_store) return absl::InternalError("nothing to store");
    store().Put(*query.call, *query.to_store);
    return Confirmation();
  }
};

class Erase final : public MemorySource {
 public:
  using MemorySource::MemorySource;

 private:
  Outcome Answer(const Query& query) override {
    store().Erase(*query.call);
    return Confirmation();
  }
};

}  // namespace

Cache MakeMemoryCache(Loop& loop, const std::shared_ptr<MemoryStore>& store,
                      std::string name) {
  const auto shared_name = std::make_shared<const std::string>(std::move(name));
  Cache cache;
  cache.find = std::make_shared<Find>(loop, store, shared_name);
  cache.store = std::make_shared<Store>(loop, store, shared_name);
  cache.erase = std::make_shared<Erase>(loop, store, shared_name);
  return cache;
}

}  // namespace frontrunner
