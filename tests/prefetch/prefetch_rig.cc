#include "tests/prefetch/prefetch_rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "server/wrappers/limit.h"

namespace frontrunner {
namespace {

/// Answers a turn later.
class Later final : public Attempt {
 public:
  Later(FakeLoop& loop, Outcome outcome, Done done)
      : timer_(loop.At(loop.Now(), [done = std::move(done),
                                    outcome = std::move(outcome)]() mutable {
          std::move(done)(std::move(outcome));
        })) {}

 private:
  std::unique_ptr<Timer> timer_;
};

}  // namespace

class PrefetchServer::CachePart final : public Source {
 public:
  enum Kind { kFind, kStore, kErase };
  CachePart(PrefetchServer& server, Kind kind) : server_(server), kind_(kind) {}

  std::string_view name() const override { return "cache"; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    std::set<std::string>& keys = server_.world_.cache;
    Outcome outcome = TextValue("v");
    if (kind_ == kFind && keys.count(query.call->key) == 0) {
      outcome = absl::NotFoundError("");
    } else if (kind_ == kStore) {
      keys.insert(query.call->key);
    }
    return std::make_unique<Later>(server_.loop, std::move(outcome),
                                   std::move(done));
  }

 private:
  PrefetchServer& server_;
  const Kind kind_;
};

class PrefetchServer::Backend final : public Source {
 public:
  explicit Backend(PrefetchServer& server) : server_(server) {}

  std::string_view name() const override { return "backend"; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    ++server_.world_.asked[query.call->key];
    return std::make_unique<Call>(server_, query.call->key, std::move(done));
  }

 private:
  class Call final : public Attempt {
   public:
    Call(PrefetchServer& server, const std::string& key, Done done)
        : server_(server), done_(std::move(done)), key_(key) {
      World& world = server_.world_;
      world.most_underway = std::max(world.most_underway, ++world.underway);
      if (world.hold) {
        server_.held_.push_back([this, alive = std::weak_ptr<bool>(alive_)] {
          if (!alive.expired()) Answer();
        });
      } else {
        timer_ = server_.loop.At(server_.loop.Now(), [this] { Answer(); });
      }
    }
    ~Call() override { --server_.world_.underway; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    void Answer() {
      Outcome outcome = TextValue("v");
      if (server_.world_.failure) {
        auto failure = server_.world_.failure(key_);
        if (!failure.ok()) outcome = failure;
      }
      Done done = std::move(done_);
      std::move(done)(std::move(outcome));
    }

    PrefetchServer& server_;
    Done done_;
    const std::string key_;
    std::unique_ptr<Timer> timer_;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  };

  PrefetchServer& server_;
};

PrefetchServer::PrefetchServer(World& world, size_t concurrency)
    : world_(world) {
  auto table_settings = std::make_shared<TableSettings>();
  table_settings->name = "t";
  table_settings->deadline = std::chrono::seconds(10);
  table_settings->max_wait = std::chrono::minutes(1);
  table_settings->write_back =
      TableSettings::WriteBack{.ttl = std::chrono::hours(1)};
  const auto counters = std::make_shared<TableCounters>();
  const auto find = std::make_shared<CachePart>(*this, CachePart::kFind);
  TableShardParts parts;
  parts.settings = table_settings;
  parts.counters = counters;
  queue_ = std::make_shared<DispatchQueue>(
      loop, DispatchQueue::Settings{.name = "backend", .width = 1000});
  parts.entrants = {
      {.source = find, .is_cache = true},
      {.source = WithLimit(loop, queue_, std::make_shared<Backend>(*this)),
       .start = {.kind = StartRule::kOthersFail},
       .final_codes = world.final_codes},
  };
  parts.caches = {
      {.name = "cache",
       .entrant = 0,
       .cache = {
           .find = find,
           .store = std::make_shared<CachePart>(*this, CachePart::kStore),
           .erase = std::make_shared<CachePart>(*this, CachePart::kErase)}}};
  shard_ = MakeTableShard(loop, std::move(parts));
  table_ =
      std::make_unique<Table>(Table::Parts{.settings = table_settings,
                                           .counters = counters,
                                           .shards = {shard_.get()},
                                           .serving = [] { return true; }});
  settings.state_dir = world.dir.path();
  settings.concurrency = concurrency;
  settings.log = [this](std::string_view line) { log.emplace_back(line); };
  auto opened =
      Prefetches::Open(settings, writer, [this](std::string_view name) {
        return name == "t" ? table_.get() : nullptr;
      });
  EXPECT_TRUE(opened.ok()) << opened.status();
  prefetches_ = *std::move(opened);
}

PrefetchServer::~PrefetchServer() {
  prefetches_.reset();
  shard_.reset();
}

void PrefetchServer::Run() {
  for (int quiet = 0; quiet < 2;) {
    loop.RunUntilIdle();
    writer.RunUntilIdle();
    quiet = loop.pending_tasks() + writer.pending_tasks() == 0 ? quiet + 1 : 0;
  }
}

void PrefetchServer::Advance(Duration by) {
  constexpr Duration kStep = std::chrono::milliseconds(10);
  for (; by > Duration(0); by -= kStep) {
    Run();
    writer.Advance(kStep);
    loop.Advance(kStep);
  }
  Run();
}

void PrefetchServer::Release() {
  for (const auto& answer : std::exchange(held_, {})) answer();
}

void PrefetchServer::Turns(int turns) {
  for (int i = 0; i < turns; ++i) {
    loop.Advance(Duration(1));
    writer.RunOneTurn();
  }
}

absl::StatusOr<uint64_t> PrefetchServer::Accept(const std::string& id,
                                                std::vector<std::string> keys,
                                                bool last,
                                                const std::string& table) {
  absl::StatusOr<uint64_t> result = absl::UnknownError("not answered");
  PrefetchKeys request;
  request.id = id;
  request.table = table;
  request.keys = std::move(keys);
  request.last = last;
  prefetches_->Accept(
      std::move(request),
      [&result](absl::StatusOr<uint64_t> said) { result = std::move(said); });
  // The call's turn, and that of its commit.
  for (int i = 0; i < 2; ++i) writer.RunOneTurn();
  return result;
}

std::vector<std::string> PrefetchServer::Keys(const std::string& prefix,
                                              int count) {
  std::vector<std::string> keys;
  for (int i = 1; i <= count; ++i) keys.push_back(prefix + std::to_string(i));
  return keys;
}

std::vector<PrefetchView> PrefetchServer::List() {
  std::vector<PrefetchView> views;
  prefetches_->List([&views](absl::StatusOr<std::vector<PrefetchView>> said) {
    views = *std::move(said);
  });
  writer.RunOneTurn();
  return views;
}

PrefetchView PrefetchServer::View(const std::string& id) {
  for (PrefetchView& view : List()) {
    if (view.id == id) return view;
  }
  ADD_FAILURE() << "no prefetch " << id;
  return {};
}

absl::StatusOr<PrefetchView> PrefetchServer::Cancel(const std::string& id) {
  absl::StatusOr<PrefetchView> result = absl::UnknownError("not answered");
  prefetches_->Cancel(id, [&result](absl::StatusOr<PrefetchView> said) {
    result = std::move(said);
  });
  for (int i = 0; i < 2; ++i) writer.RunOneTurn();
  return result;
}

void PrefetchServer::Stop() {
  prefetches_->Stop([this] { stopped_ = true; });
}

}  // namespace frontrunner
