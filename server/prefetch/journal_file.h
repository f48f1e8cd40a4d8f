#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/prefetch/sqlite.h"

namespace frontrunner {

/// A state directory that is ours: no other process has it as long as this
/// lives. It is made where it is not there, for its owner alone. Movable.
class StateDirectory {
 public:
  /// kFailedPrecondition where another process (or this one, earlier) has it;
  /// kUnavailable where it can't be used. The message names the directory.
  static absl::StatusOr<StateDirectory> Take(const std::string& path);

  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&& other) noexcept;
  ~StateDirectory();

  const std::string& path() const { return path_; }

 private:
  StateDirectory(std::string path, int lock)
      : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  /// The locked file; -1 when moved from.
  int lock_ = -1;
};

/// The journal's file, opened, whole, and of the version that this program
/// writes.
struct JournalFile {
  Database database;
  /// For the log: a damaged journal was set aside, why, and where it is now.
  /// Empty where there was none.
  std::string note;
};

/// Opens prefetch.db in the directory. One that is damaged, no database or of
/// another version is renamed, with its -wal and -shm, and a new one is made.
/// Reads the whole file, to know that it is whole. Files are for their owner
/// alone.
absl::StatusOr<JournalFile> OpenJournalFile(const StateDirectory& directory,
                                            WallTime now);

}  // namespace frontrunner
