#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/tables/table.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// How a caller asks.
struct Ask {
  std::string key = "k";
  /// From now; absent: none.
  std::optional<Duration> deadline;
  int priority = 0;
  CachePolicy policy = CachePolicy::kDefault;
  bool wait = false;
  int hops = 0;
  bool until_stored = false;
};

/// A table of a memory cache `near`, a cache `redis` and a backend `names`, all
/// started at once, on a loop whose time stands still. Callers have names; what
/// they are told is logged as "NAME: …" between what happens to the sources.
class TableRig {
 public:
  TableRig();
  ~TableRig();

  /// Built at its first use, from settings and entrants as they are then.
  TableShard& shard();
  void DestroyShard() { shard_.reset(); }

  /// Asks; the caller stays until it is answered or Leave.
  void Lookup(const std::string& who, const Ask& ask = {});
  void Leave(const std::string& who) { attempts.erase(who); }
  void Put(const std::string& who, std::string_view key, std::string_view value,
           std::optional<Duration> ttl = std::nullopt,
           std::optional<Duration> deadline = std::nullopt);
  void Forget(const std::string& who, std::string_view key,
              std::optional<Duration> deadline = std::nullopt);
  /// Everything logged since the last time.
  EventLog TakeLog() { return std::exchange(log, {}); }
  /// Lets the caches of the race miss.
  void CachesMiss() { redis->Answer(absl::NotFoundError("")); }
  uint64_t Count(std::atomic<uint64_t> TableCounters::*counter) const {
    return ((*counters).*counter).load();
  }
  /// Nothing is under way anywhere.
  bool Quiet() const;

  static std::shared_ptr<const CallContext> Call(std::string_view key,
                                                 int hops = 0);

  FakeLoop loop;
  EventLog log;
  TableSettings settings;
  std::shared_ptr<TableCounters> counters = std::make_shared<TableCounters>();
  std::shared_ptr<FakeSource> near, redis, names;
  std::shared_ptr<FakeSource> near_store, near_erase, redis_store, redis_erase;
  std::vector<Entrant> entrants;
  std::vector<TableCache> caches;

  std::map<std::string, LookupResult> results;
  std::map<std::string, std::unique_ptr<Attempt>> attempts;
  /// What a caller does when it is answered.
  std::map<std::string, std::function<void()>> when_answered;

 private:
  void OnWritten(const std::string& who, const absl::Status& status);

  std::unique_ptr<TableShard> shard_;
};

/// `value "v" by names`, or `DEADLINE DEADLINE_EXCEEDED`; "(shared)" behind it
/// for those who joined.
std::string Describe(const LookupResult& result);

}  // namespace frontrunner
