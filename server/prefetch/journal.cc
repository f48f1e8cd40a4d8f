#include "server/prefetch/journal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/tables/key_hash.h"

namespace frontrunner {
namespace {

/// Failure messages name every source; more than this tells nothing new.
constexpr size_t kMaxMessage = 1000;

int64_t Nanoseconds(WallTime time) { return time.time_since_epoch().count(); }

/// Of the keys of one call, to know the last call when it comes again. Each
/// with its length, so that no two lists read alike.
int64_t Digest(const std::vector<std::string>& keys) {
  uint64_t digest = keys.size();
  for (const std::string& key : keys) {
    digest = KeyHash(std::to_string(digest), key);
  }
  return static_cast<int64_t>(digest);
}

}  // namespace

absl::StatusOr<Journal::Opened> Journal::Open(const std::string& state_dir,
                                              WallTime now) {
  auto directory = StateDirectory::Take(state_dir);
  if (!directory.ok()) return directory.status();
  auto file = OpenJournalFile(*directory, now);
  if (!file.ok()) return file.status();
  Opened opened;
  opened.note = std::move(file->note);
  opened.journal.reset(
      new Journal(*std::move(directory), std::move(file->database)));
  if (auto status = opened.journal->Prepare(); !status.ok()) return status;
  return opened;
}

absl::Status Journal::Prepare() {
  const std::pair<Statement*, const char*> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&find_,
       "SELECT number, tbl, complete, cancelled, accepted, last_digest "
       "FROM prefetches WHERE id = ?"},
      {&create_,
       "INSERT INTO prefetches(id, tbl, priority, created) "
       "VALUES(?, ?, ?, ?)"},
      {&know_, "INSERT OR IGNORE INTO known(prefetch, key) VALUES(?, ?)"},
      {&add_, "INSERT INTO pending(prefetch, seq, key) VALUES(?, ?, ?)"},
      {&accept_,
       "UPDATE prefetches SET accepted = ?2, complete = ?3, last_digest = ?4 "
       "WHERE number = ?1"},
      {&remove_, "DELETE FROM pending WHERE prefetch = ? AND seq = ?"},
      {&count_stored_,
       "UPDATE prefetches SET stored = stored + 1 WHERE number = ?"},
      {&count_failed_,
       "UPDATE prefetches SET failed = failed + 1 WHERE number = ?"},
      {&count_failure_,
       "INSERT INTO failures(prefetch, code, count, message) "
       "VALUES(?, ?, 1, ?) "
       "ON CONFLICT(prefetch, code) DO UPDATE SET count = count + 1"},
      {&cancel_,
       "UPDATE prefetches SET cancelled = 1, complete = 1 WHERE number = ?"},
      {&finish_,
       "UPDATE prefetches SET finished = ?2 WHERE number = ?1 "
       "AND finished IS NULL AND complete "
       "AND (cancelled OR stored + failed >= accepted)"},
      {&clear_pending_,
       "DELETE FROM pending WHERE prefetch = ?1 AND seq IN "
       "(SELECT seq FROM pending WHERE prefetch = ?1 LIMIT ?2)"},
      {&clear_known_,
       "DELETE FROM known WHERE prefetch = ?1 AND key IN "
       "(SELECT key FROM known WHERE prefetch = ?1 LIMIT ?2)"},
      {&forget_failures_, "DELETE FROM failures WHERE prefetch = ?"},
      {&forget_, "DELETE FROM prefetches WHERE number = ?"},
      {&read_all_, "SELECT * FROM prefetches ORDER BY number"},
      {&read_, "SELECT * FROM prefetches WHERE number = ?"},
      {&read_failures_,
       "SELECT code, count, message FROM failures WHERE prefetch = ? "
       "ORDER BY code"},
      {&read_pending_,
       "SELECT seq, key FROM pending WHERE prefetch = ? AND seq > ? "
       "ORDER BY seq LIMIT ?"},
  };
  for (const auto& [statement, text] : statements) {
    auto prepared = database_.Prepare(text);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

absl::Status Journal::Begin() { return begin_.With().Run(); }

absl::Status Journal::Commit() { return commit_.With().Run(); }

void Journal::Rollback() {
  // SQLite has rolled back by itself after some failures.
  (void)rollback_.With().Run();
}

absl::StatusOr<Journal::Accepted> Journal::Accept(const PrefetchKeys& keys,
                                                  WallTime now) {
  Accepted accepted;
  const auto found = find_.With(std::string_view(keys.id)).Next();
  if (!found.ok()) return found.status();
  if (*found) {
    accepted.number = find_.Number(0);
    const std::string table = find_.Bytes(1);
    const bool complete = find_.Number(2) != 0;
    const bool cancelled = find_.Number(3) != 0;
    accepted.keys = static_cast<uint64_t>(find_.Number(4));
    const int64_t last_digest = find_.Number(5);
    find_.Done();
    if (table != keys.table) {
      accepted.verdict = absl::FailedPreconditionError(
          absl::StrCat("This prefetch is of table \"", table, "\"."));
    } else if (cancelled) {
      accepted.verdict =
          absl::FailedPreconditionError("This prefetch has been cancelled.");
    } else if (complete && !(keys.last && Digest(keys.keys) == last_digest)) {
      accepted.verdict = absl::FailedPreconditionError(
          "This prefetch is complete: its last keys have been given.");
    }
    if (complete || !accepted.verdict.ok()) return accepted;
  } else {
    const auto status =
        create_
            .With(std::string_view(keys.id), std::string_view(keys.table),
                  int64_t{keys.priority}, Nanoseconds(now))
            .Run();
    if (!status.ok()) return status;
    accepted.number = database_.last_row();
  }
  auto status = AddKeys(keys.keys, accepted.number, accepted.keys);
  if (!status.ok()) return status;
  status = accept_
               .With(accepted.number, static_cast<int64_t>(accepted.keys),
                     int64_t{keys.last}, Digest(keys.keys))
               .Run();
  if (!status.ok()) return status;
  return accepted;
}

absl::Status Journal::AddKeys(const std::vector<std::string>& keys,
                              int64_t number, uint64_t& accepted) {
  for (const std::string& key : keys) {
    auto status = know_.With(number, Blob{key}).Run();
    if (!status.ok()) return status;
    if (database_.changes() == 0) continue;
    ++accepted;
    status = add_.With(number, static_cast<int64_t>(accepted), Blob{key}).Run();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Journal::End(int64_t number, uint64_t seq,
                          const absl::Status& how) {
  auto status = remove_.With(number, static_cast<int64_t>(seq)).Run();
  if (!status.ok()) return status;
  if (how.ok()) return count_stored_.With(number).Run();
  status = count_failed_.With(number).Run();
  if (!status.ok()) return status;
  return count_failure_
      .With(number, static_cast<int64_t>(how.code()),
            Std(how.message()).substr(0, kMaxMessage))
      .Run();
}

absl::Status Journal::Cancel(int64_t number) {
  return cancel_.With(number).Run();
}

absl::Status Journal::FinishIfDone(int64_t number, WallTime now) {
  return finish_.With(number, Nanoseconds(now)).Run();
}

absl::StatusOr<bool> Journal::ClearKeys(int64_t number, size_t at_most) {
  int64_t cleared = 0;
  for (Statement* statement : {&clear_pending_, &clear_known_}) {
    const auto status =
        statement->With(number, static_cast<int64_t>(at_most)).Run();
    if (!status.ok()) return status;
    cleared += database_.changes();
  }
  return cleared > 0;
}

absl::Status Journal::Forget(int64_t number) {
  if (auto status = forget_failures_.With(number).Run(); !status.ok()) {
    return status;
  }
  return forget_.With(number).Run();
}

absl::StatusOr<std::vector<PrefetchRecord>> Journal::ReadAll() {
  std::vector<PrefetchRecord> records;
  read_all_.With();
  for (;;) {
    const auto row = read_all_.Next();
    if (!row.ok()) return row.status();
    if (!*row) return records;
    auto record = RecordOf(read_all_);
    if (!record.ok()) {
      read_all_.Done();
      return record.status();
    }
    records.push_back(*std::move(record));
  }
}

absl::StatusOr<PrefetchRecord> Journal::Read(int64_t number) {
  const auto row = read_.With(number).Next();
  if (!row.ok()) return row.status();
  if (!*row) return absl::NotFoundError("There is no such prefetch.");
  auto record = RecordOf(read_);
  read_.Done();
  return record;
}

absl::StatusOr<PrefetchRecord> Journal::RecordOf(const Statement& row) {
  PrefetchRecord record;
  record.number = row.Number(0);
  record.id = row.Bytes(1);
  record.table = row.Bytes(2);
  record.priority = static_cast<int>(row.Number(3));
  record.finished = !row.Null(5);
  record.finished_at = WallTime(Duration(row.Number(5)));
  record.complete = row.Number(6) != 0;
  record.cancelled = row.Number(7) != 0;
  record.accepted = static_cast<uint64_t>(row.Number(8));
  record.stored = static_cast<uint64_t>(row.Number(9));
  record.failed = static_cast<uint64_t>(row.Number(10));
  if (record.failed == 0) return record;
  read_failures_.With(record.number);
  for (;;) {
    const auto next = read_failures_.Next();
    if (!next.ok()) return next.status();
    if (!*next) return record;
    record.failures.push_back(
        {.code = static_cast<absl::StatusCode>(read_failures_.Number(0)),
         .count = static_cast<uint64_t>(read_failures_.Number(1)),
         .message = read_failures_.Bytes(2)});
  }
}

absl::StatusOr<std::vector<PendingKey>> Journal::ReadPending(int64_t number,
                                                             uint64_t after,
                                                             size_t max_keys,
                                                             size_t max_bytes) {
  std::vector<PendingKey> keys;
  size_t bytes = 0;
  read_pending_.With(number, static_cast<int64_t>(after),
                     static_cast<int64_t>(max_keys));
  while (bytes <= max_bytes) {
    const auto row = read_pending_.Next();
    if (!row.ok()) return row.status();
    if (!*row) return keys;
    keys.push_back({.seq = static_cast<uint64_t>(read_pending_.Number(0)),
                    .key = read_pending_.Bytes(1)});
    bytes += keys.back().key.size();
  }
  read_pending_.Done();
  return keys;
}

}  // namespace frontrunner
