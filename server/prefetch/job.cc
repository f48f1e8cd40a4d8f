#include "server/prefetch/job.h"

#include <algorithm>
#include <utility>

#include "server/base/status.h"
#include "server/tables/key_hash.h"

namespace frontrunner {
namespace {

/// Whether a source that might have had it was not asked, since our own queue
/// was full, slow, paused or drained. Nobody waits for the key, so it can wait.
bool NotNow(const LookupResult& result) {
  switch (result.reason) {
    case Reason::kOverloaded:
    case Reason::kDraining:
      return true;
    case Reason::kFinalFailure:
      return result.race && result.race->decisive >= 0 &&
             RefusalOf(result.race->entrants[result.race->decisive].status);
    case Reason::kAllSourcesFailed:
    case Reason::kDeadline:
      break;
    default:
      return false;
  }
  if (absl::IsNotFound(result.outcome.status()) || !result.race) return false;
  const auto& entrants = result.race->entrants;
  return std::any_of(entrants.begin(), entrants.end(),
                     [](const EntrantResult& entrant) {
                       return RefusalOf(entrant.status).has_value();
                     });
}

}  // namespace

std::shared_ptr<PrefetchJob> PrefetchJob::Begin(const Table& table, Key place,
                                                std::string key, int priority,
                                                Ended ended) {
  const TableSettings& settings = table.settings();
  auto call = std::make_shared<CallContext>();
  call->table = settings.name;
  call->version = settings.version;
  call->hash = KeyHash(settings.name, key);
  call->key = std::move(key);
  TableShard& shard = table.ShardOf(call->hash);
  std::shared_ptr<PrefetchJob> job(
      new PrefetchJob(place, std::move(call), std::move(ended)));
  shard.loop().Post([job, &shard, priority] { job->Ask(shard, priority); });
  return job;
}

void PrefetchJob::Ask(TableShard& shard, int priority) {
  LookupCall lookup{.call = call_, .priority = priority, .until_stored = true};
  attempt_ = shard.Lookup(std::move(lookup), [self = shared_from_this()](
                                                 const LookupResult& result) {
    // The attempt holds this callback, and with it perhaps the last
    // reference.
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const auto keep = self;
    keep->attempt_ = nullptr;
    Ended ended = std::move(keep->ended_);
    const bool not_now = !result.outcome.ok() && NotNow(result);
    std::move(ended)(*keep, result.outcome.status(), not_now);
  });
}

}  // namespace frontrunner
