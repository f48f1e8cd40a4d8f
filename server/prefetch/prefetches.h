#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/loop/loop.h"
#include "server/prefetch/entry.h"
#include "server/prefetch/job.h"
#include "server/prefetch/journal.h"
#include "server/prefetch/watchers.h"
#include "server/rpc/prefetch_control.h"
#include "server/tables/table.h"

namespace frontrunner {

/// Fetches accepted keys into the caches of their tables, and has every one of
/// them in a journal until its end is in there too.
///
/// All of it lives on a loop of its own, the writer's, since the journal blocks
/// on the disk; its public members are for any thread. What is asked of it in
/// one turn of that loop is written in one transaction. The jobs run on the
/// loops of their keys.
///
/// At most `concurrency` keys have been started and are not in the journal as
/// ended: these are done again after a crash, and no others. After Stop has
/// told that it is done, none is.
///
/// To be destroyed when the writer's loop and those of the tables have stopped,
/// before the tables are.
class Prefetches final : public PrefetchControl {
 public:
  struct Settings {
    /// The directory of the journal.
    std::string state_dir;
    /// Keys underway at once, of all prefetches together. Greater than zero.
    size_t concurrency = 64;
    /// Prefetches that are not finished; more are refused.
    size_t max_unfinished = 1000;
    /// Finished ones that are kept, and for how long.
    size_t max_finished = 1000;
    Duration keep_finished = std::chrono::hours(24);
    /// Keys waiting to be written to the journal; more are refused.
    size_t max_queued_bytes = size_t{64} << 20;
    /// Calls waiting for the writer; more are refused.
    size_t max_queued_calls = 1024;
    /// A line for the operator: once where the journal was set aside, and
    /// whenever it begins to fail. On the thread of Open and of the writer.
    std::function<void(std::string_view)> log;
  };
  /// Null where there is no such table. Any thread; the table outlives this.
  using FindTable = std::function<const Table*(std::string_view name)>;

  /// Opens the journal; may take a while, and blocks. `writer` outlives this,
  /// and serves nobody else who is in a hurry.
  static absl::StatusOr<std::unique_ptr<Prefetches>> Open(Settings settings,
                                                          Loop& writer,
                                                          FindTable find_table);
  ~Prefetches() override;
  Prefetches(const Prefetches&) = delete;
  Prefetches& operator=(const Prefetches&) = delete;

  /// From now on keys are fetched, those first that the journal holds. Once,
  /// when the loops of the tables run.
  void Start();

  /// No key is started or accepted any more, for good. `stopped`
  /// runs, on the writer's loop, when nothing is underway and all ends are in
  /// the journal: then a next start does nothing twice. Once.
  void Stop(absl::AnyInvocable<void() &&> stopped);

  /// Stop, and waits for that until `deadline` on the system's own clock.
  /// False: some are still underway.
  bool StopAndWait(TimePoint deadline);

  void Accept(
      PrefetchKeys keys,
      absl::AnyInvocable<void(absl::StatusOr<uint64_t>) &&> done) override;
  void List(
      absl::AnyInvocable<void(absl::StatusOr<std::vector<PrefetchView>>) &&>
          done) override;
  void Cancel(
      std::string id,
      absl::AnyInvocable<void(absl::StatusOr<PrefetchView>) &&> done) override;
  uint64_t Watch(
      std::string id,
      absl::AnyInvocable<void(absl::StatusOr<PrefetchView>)> changed) override;
  void Unwatch(uint64_t watch) override;

 private:
  /// What waits for the writer, for the bounds.
  struct Queued {
    std::atomic<size_t> calls{0};
    std::atomic<size_t> bytes{0};
    std::atomic<bool> closed{false};
  };
  class Ticket;
  struct Acceptance;
  struct Cancellation;
  struct End {
    PrefetchJob::Key place;
    absl::Status how;
  };
  struct Batch;

  Prefetches(Settings settings, Loop& writer, FindTable find_table,
             std::unique_ptr<Journal> journal);

  absl::StatusOr<Ticket> Enter(size_t bytes);
  absl::Status Load();
  PrefetchEntry* Find(std::string_view id);
  std::optional<PrefetchView> ViewOf(int64_t number) const;

  void ScheduleCommit();
  void Commit();
  absl::Status Write(Batch& batch);
  void Written(Batch& batch);
  void NotWritten(Batch& batch, const absl::Status& status);
  void Refresh(PrefetchRecord record);
  void Report(const absl::Status& status);

  void Pump();
  std::vector<PrefetchEntry*> Startable(TimePoint& next_look);
  bool StartNext(PrefetchEntry& entry);
  void StartJob(PrefetchEntry& entry, PendingKey key);
  void OnEnded(PrefetchJob& job, absl::Status how, bool not_now);
  void TellIfStopped();

  void ScheduleSweep();
  void Sweep();
  absl::Status SweepSome();
  absl::Status Expire();

  const Settings settings_;
  Loop& writer_;
  const FindTable find_table_;
  const std::shared_ptr<Queued> queued_ = std::make_shared<Queued>();
  std::atomic<uint64_t> next_watch_{1};

  // For the writer's loop alone.
  const std::unique_ptr<Journal> journal_;
  /// By number: in the order of their coming.
  std::map<int64_t, PrefetchEntry> entries_;
  absl::flat_hash_map<std::string, int64_t> by_id_;
  std::set<int64_t> unfinished_;
  PrefetchWatchers watchers_;
  /// What the next commit writes.
  std::vector<Acceptance> acceptances_;
  std::vector<Cancellation> cancellations_;
  std::vector<End> ends_;
  bool commit_scheduled_ = false;
  std::unique_ptr<Timer> retry_;
  bool failing_ = false;
  absl::flat_hash_map<PrefetchJob*, std::shared_ptr<PrefetchJob>> jobs_;
  /// Started, and their end not yet in the journal.
  size_t underway_ = 0;
  bool started_ = false;
  bool stopping_ = false;
  absl::AnyInvocable<void() &&> stopped_;
  std::unique_ptr<Timer> wake_;
  /// Whose keys are to be removed from the journal.
  std::set<int64_t> to_clear_;
  bool sweep_scheduled_ = false;
  std::unique_ptr<Timer> expiry_;
};

}  // namespace frontrunner
