#include "tests/tables/table_rig.h"

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/tables/key_hash.h"

namespace frontrunner {

std::string Describe(const LookupResult& result) {
  std::string text;
  if (result.outcome.ok()) {
    text = "value \"" + *result.outcome->bytes + "\" by " +
           std::string(result.source);
  } else {
    text = std::string(ReasonName(result.reason)) + " " +
           std::string(CodeName(result.outcome.status().code()));
  }
  return result.coalesced ? text + " (shared)" : text;
}

TableRig::TableRig() {
  const auto source = [this](const char* name) {
    return std::make_shared<FakeSource>(name, &log);
  };
  near = source("near");
  near->set_peek(std::nullopt);
  redis = source("redis");
  names = source("names");
  near_store = source("near.store");
  near_erase = source("near.erase");
  redis_store = source("redis.store");
  redis_erase = source("redis.erase");
  entrants = {Entrant{.source = near, .is_cache = true},
              Entrant{.source = redis, .is_cache = true},
              Entrant{.source = names}};
  caches = {TableCache{"near", 0, Cache{near, near_store, near_erase}},
            TableCache{"redis", 1, Cache{redis, redis_store, redis_erase}}};
  settings.name = "t";
  settings.deadline = milliseconds(500);
  settings.max_wait = minutes(1);
}

TableRig::~TableRig() { attempts.clear(); }

TableShard& TableRig::shard() {
  if (!shard_) {
    shard_ = MakeTableShard(
        loop, {.settings = std::make_shared<TableSettings>(settings),
               .counters = counters,
               .entrants = entrants,
               .caches = caches,
               .seed = 7});
  }
  return *shard_;
}

std::shared_ptr<const CallContext> TableRig::Call(std::string_view key,
                                                  int hops) {
  auto call = std::make_shared<CallContext>();
  call->table = "t";
  call->key = std::string(key);
  call->hash = KeyHash("t", key);
  call->hops = hops;
  return call;
}

void TableRig::Lookup(const std::string& who, const Ask& ask) {
  LookupCall call;
  call.call = Call(ask.key, ask.hops);
  if (ask.deadline) call.deadline = loop.Now() + *ask.deadline;
  call.priority = ask.priority;
  call.policy = ask.policy;
  call.wait_for_value = ask.wait;
  call.until_stored = ask.until_stored;
  attempts[who] =
      shard().Lookup(std::move(call), [this, who](LookupResult result) {
        log.push_back(who + ": " + Describe(result));
        results[who] = std::move(result);
        const auto then = when_answered.find(who);
        if (then != when_answered.end()) then->second();
      });
}

void TableRig::Put(const std::string& who, std::string_view key,
                   std::string_view value, std::optional<Duration> ttl,
                   std::optional<Duration> deadline) {
  ToStore to_store;
  to_store.bytes = MakeBytes(std::string(value));
  to_store.produced = loop.WallNow();
  to_store.ttl = ttl;
  attempts[who] = shard().Put(
      Call(key), std::move(to_store),
      deadline ? loop.Now() + *deadline : kNever,
      [this, who](const absl::Status& status) { OnWritten(who, status); });
}

void TableRig::Forget(const std::string& who, std::string_view key,
                      std::optional<Duration> deadline) {
  attempts[who] = shard().Forget(
      Call(key), deadline ? loop.Now() + *deadline : kNever,
      [this, who](const absl::Status& status) { OnWritten(who, status); });
}

void TableRig::OnWritten(const std::string& who, const absl::Status& status) {
  std::string text(CodeName(status.code()));
  if (!status.ok()) absl::StrAppend(&text, " ", status.message());
  log.push_back(who + ": " + text);
  const auto then = when_answered.find(who);
  if (then != when_answered.end()) then->second();
}

bool TableRig::Quiet() const {
  for (const auto& source :
       {near, redis, names, near_store, near_erase, redis_store, redis_erase}) {
    if (source->underway() > 0) return false;
  }
  return loop.armed_timers() == 0 && loop.pending_tasks() == 0 &&
         counters->waiting.load() == 0;
}

}  // namespace frontrunner
