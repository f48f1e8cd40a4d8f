#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/prefetch/journal_file.h"
#include "server/prefetch/sqlite.h"
#include "server/rpc/prefetch_control.h"

namespace frontrunner {

/// A prefetch as the journal has it. The keys that have not ended are those
/// accepted that are neither stored nor failed; of a cancelled one they are
/// void.
struct PrefetchRecord {
  int64_t number = 0;
  std::string id;
  std::string table;
  int priority = 0;
  bool complete = false;
  bool cancelled = false;
  /// No key is left, or none counts any more.
  bool finished = false;
  WallTime finished_at;
  uint64_t accepted = 0;
  uint64_t stored = 0;
  uint64_t failed = 0;
  std::vector<PrefetchView::Failure> failures;
};

/// A key that has not ended.
struct PendingKey {
  /// Its place in its prefetch, from 1.
  uint64_t seq = 0;
  std::string key;
};

/// What has been accepted and how it ended, on disk: it survives the process,
/// and the machine. For one thread at a time; every call may block on the disk.
///
/// Changes are made between Begin and Commit, and are there when Commit has
/// returned OK; after any failure in between, Rollback undoes all of them.
/// Failures say nothing of keys.
class Journal {
 public:
  struct Opened {
    std::unique_ptr<Journal> journal;
    /// See JournalFile.
    std::string note;
  };
  /// Takes the directory for itself.
  static absl::StatusOr<Opened> Open(const std::string& state_dir,
                                     WallTime now);

  absl::Status Begin();
  absl::Status Commit();
  void Rollback();

  struct Accepted {
    /// Not OK: refused, with nothing changed; see PrefetchControl::Accept.
    absl::Status verdict;
    int64_t number = 0;
    /// All that this prefetch has.
    uint64_t keys = 0;
  };
  absl::StatusOr<Accepted> Accept(const PrefetchKeys& keys, WallTime now);
  /// A key has ended: stored, or failed with this.
  absl::Status End(int64_t number, uint64_t seq, const absl::Status& how);
  /// Its pending keys are void.
  absl::Status Cancel(int64_t number);
  /// Notes the time if nothing is left to be done and it has not been noted.
  absl::Status FinishIfDone(int64_t number, WallTime now);
  /// Removes what is kept of the keys of a prefetch that is finished or
  /// cancelled, `at_most` so many of each kind. False: nothing was left.
  absl::StatusOr<bool> ClearKeys(int64_t number, size_t at_most);
  /// Removes one that has no keys left.
  absl::Status Forget(int64_t number);

  /// In the order of their coming.
  absl::StatusOr<std::vector<PrefetchRecord>> ReadAll();
  absl::StatusOr<PrefetchRecord> Read(int64_t number);

  /// Those behind `after`, in order, until there are `max_keys` or more than
  /// `max_bytes`; at least one where there is one.
  absl::StatusOr<std::vector<PendingKey>> ReadPending(int64_t number,
                                                      uint64_t after,
                                                      size_t max_keys,
                                                      size_t max_bytes);

 private:
  Journal(StateDirectory directory, Database database)
      : directory_(std::move(directory)), database_(std::move(database)) {}

  absl::Status Prepare();
  absl::StatusOr<PrefetchRecord> RecordOf(const Statement& row);
  absl::Status AddKeys(const std::vector<std::string>& keys, int64_t number,
                       uint64_t& accepted);

  StateDirectory directory_;
  Database database_;
  Statement begin_, commit_, rollback_;
  Statement find_, create_, know_, add_, accept_;
  Statement remove_, count_stored_, count_failed_, count_failure_;
  Statement cancel_, finish_, clear_pending_, clear_known_;
  Statement forget_failures_, forget_;
  Statement read_all_, read_, read_failures_, read_pending_;
};

}  // namespace frontrunner
