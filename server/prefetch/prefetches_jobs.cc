// How Prefetches starts keys, and hears how they ended.

#include <algorithm>
#include <utility>

#include "server/base/strings.h"
#include "server/prefetch/prefetches.h"
#include "server/prefetch/prefetches_parts.h"

namespace frontrunner {
namespace {

/// The oldest so many take turns: each holds some keys in memory.
constexpr size_t kAtATime = 16;
constexpr Duration kRetryRead = std::chrono::seconds(1);

}  // namespace

void Prefetches::Pump() {
  wake_ = nullptr;
  if (!started_ || stopping_) return;
  TimePoint next_look = kNever;
  std::vector<PrefetchEntry*> startable = Startable(next_look);
  while (underway_ < settings_.concurrency && !startable.empty()) {
    // One of each, as often as there is room.
    std::vector<PrefetchEntry*> still;
    for (PrefetchEntry* entry : startable) {
      if (underway_ >= settings_.concurrency) break;
      if (StartNext(*entry)) still.push_back(entry);
    }
    startable = std::move(still);
  }
  if (failing_) next_look = std::min(next_look, writer_.Now() + kRetryRead);
  if (next_look != kNever) {
    wake_ = writer_.At(next_look, [this] { Pump(); });
  }
}

std::vector<PrefetchEntry*> Prefetches::Startable(TimePoint& next_look) {
  std::vector<PrefetchEntry*> startable;
  const TimePoint now = writer_.Now();
  for (const int64_t number : unfinished_) {
    PrefetchEntry& entry = entries_.at(number);
    if (!entry.has_more()) continue;
    if (entry.paused_until > now) {
      next_look = std::min(next_look, entry.paused_until);
      continue;
    }
    startable.push_back(&entry);
    if (startable.size() == kAtATime) break;
  }
  return startable;
}

/// False: it has no more for now.
bool Prefetches::StartNext(PrefetchEntry& entry) {
  if (entry.ready.empty()) {
    if (entry.read_up_to >= entry.record.accepted) return false;
    auto keys = journal_->ReadPending(entry.record.number, entry.read_up_to,
                                      PrefetchEntry::kMaxReadyKeys,
                                      PrefetchEntry::kMaxReadyBytes);
    if (!keys.ok()) {
      Report(keys.status());
      return false;
    }
    if (keys->empty()) {
      // The rest had ended before this process began.
      entry.read_up_to = entry.record.accepted;
      return false;
    }
    entry.read_up_to = keys->back().seq;
    entry.ready.assign(std::make_move_iterator(keys->begin()),
                       std::make_move_iterator(keys->end()));
  }
  PendingKey key = std::move(entry.ready.front());
  entry.ready.pop_front();
  StartJob(entry, std::move(key));
  return true;
}

void Prefetches::StartJob(PrefetchEntry& entry, PendingKey key) {
  ++underway_;
  ++entry.underway;
  watchers_.Touch(entry.record.number);
  const PrefetchJob::Key place{.prefetch = entry.record.number, .seq = key.seq};
  const Table* const table = find_table_(entry.record.table);
  if (table == nullptr || !table->stores()) {
    // Of another configuration than the one that accepted it.
    ends_.push_back(
        {place, absl::FailedPreconditionError(
                    table == nullptr
                        ? "there is no table of that name any more"
                        : "the table has no cache to store it in any more")});
    ScheduleCommit();
    return;
  }
  const auto job = PrefetchJob::Begin(
      *table, place, std::move(key.key), entry.record.priority,
      [this](PrefetchJob& ended, absl::Status how, bool not_now) {
        writer_.Post([this, ended = &ended, how = std::move(how), not_now] {
          OnEnded(*ended, how, not_now);
        });
      });
  jobs_.emplace(job.get(), job);
}

void Prefetches::OnEnded(PrefetchJob& job, absl::Status how, bool not_now) {
  const auto found = jobs_.find(&job);
  const std::shared_ptr<PrefetchJob> keep = found->second;
  jobs_.erase(found);
  PrefetchEntry& entry = entries_.at(keep->place().prefetch);
  if (!not_now) {
    entry.last_pause = Duration(0);
    ends_.push_back({keep->place(), std::move(how)});
    ScheduleCommit();
    return;
  }
  // It is in the journal still.
  --underway_;
  --entry.underway;
  if (!entry.record.cancelled) {
    entry.ready.push_front({.seq = keep->place().seq, .key = keep->key()});
    entry.Pause(writer_.Now());
  } else if (entry.finished()) {
    unfinished_.erase(entry.record.number);
  }
  watchers_.Touch(entry.record.number);
  Pump();
  TellIfStopped();
}

}  // namespace frontrunner
