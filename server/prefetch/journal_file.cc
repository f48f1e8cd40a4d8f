#include "server/prefetch/journal_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kVersion = 1;

// The number of a prefetch is never used again, so that what is left of one
// that was forgotten can't become another's. `seq` counts within a prefetch, in
// the order of acceptance. `known` makes a key that comes again be counted
// once; it goes when no more keys can come.
constexpr char kSchema[] = R"sql(
  BEGIN IMMEDIATE;
  CREATE TABLE prefetches(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tbl TEXT NOT NULL,
    priority INTEGER NOT NULL,
    created INTEGER NOT NULL,
    finished INTEGER,
    complete INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    last_digest INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE known(
    prefetch INTEGER NOT NULL, key BLOB NOT NULL,
    PRIMARY KEY(prefetch, key)) WITHOUT ROWID;
  CREATE TABLE pending(
    prefetch INTEGER NOT NULL, seq INTEGER NOT NULL, key BLOB NOT NULL,
    PRIMARY KEY(prefetch, seq)) WITHOUT ROWID;
  CREATE TABLE failures(
    prefetch INTEGER NOT NULL, code INTEGER NOT NULL,
    count INTEGER NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY(prefetch, code)) WITHOUT ROWID;
  PRAGMA user_version = 1;
  COMMIT;
)sql";

std::string ErrnoText() { return std::strerror(errno); }

absl::StatusOr<int64_t> OneNumber(Database& database, const char* query) {
  auto statement = database.Prepare(query);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Next();
  if (!row.ok()) return row.status();
  return *row ? statement->Number(0) : 0;
}

absl::Status CheckWhole(Database& database) {
  auto statement = database.Prepare("PRAGMA quick_check(1)");
  if (!statement.ok()) return statement.status();
  const auto row = statement->Next();
  if (!row.ok()) return row.status();
  // What it says may hold parts of a key.
  if (!*row || statement->Bytes(0) != "ok") {
    return absl::DataLossError("its check finds damage");
  }
  return absl::OkStatus();
}

/// Of our version, but is it ours?
absl::Status CheckTables(Database& database) {
  for (const char* query :
       {"SELECT number, id, tbl, priority, created, finished, complete, "
        "cancelled, accepted, stored, failed, last_digest FROM prefetches",
        "SELECT prefetch, key FROM known",
        "SELECT prefetch, seq, key FROM pending",
        "SELECT prefetch, code, count, message FROM failures"}) {
    if (!database.Prepare(query).ok()) {
      return absl::DataLossError("its tables are others");
    }
  }
  return absl::OkStatus();
}

absl::Status MakeOrCheckSchema(Database& database) {
  const auto version = OneNumber(database, "PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version == kVersion) {
    auto status = CheckWhole(database);
    if (status.ok()) status = CheckTables(database);
    return status;
  }
  const auto tables = OneNumber(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*version == 0 && *tables == 0) return database.Execute(kSchema);
  return absl::DataLossError(absl::StrCat("it is of version ", *version,
                                          ", this program writes ", kVersion));
}

/// SQLite would drop the -wal of an empty file without a word.
absl::Status CheckNotCutToNothing(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || size > 0) return absl::OkStatus();
  const auto wal = fs::file_size(path + "-wal", error);
  if (error || wal == 0) return absl::OkStatus();
  return absl::DataLossError("it is empty, and its -wal is not");
}

/// SQLite gives its -wal and -shm the mode of the file itself.
absl::Status MakeFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return absl::UnavailableError(
        absl::StrCat("can't open \"", path, "\": ", ErrnoText()));
  }
  close(file);
  return absl::OkStatus();
}

absl::StatusOr<Database> OpenOnce(const std::string& path) {
  if (auto status = CheckNotCutToNothing(path); !status.ok()) return status;
  if (auto status = MakeFile(path); !status.ok()) return status;
  auto database = Database::Open(path);
  if (!database.ok()) return database.status();
  // Nobody else may look in, so the -wal's index need not be shared memory.
  for (const char* pragma :
       {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL", "PRAGMA cache_size = -32768",
        "PRAGMA temp_store = MEMORY"}) {
    if (auto status = database->Execute(pragma); !status.ok()) return status;
  }
  if (auto status = MakeOrCheckSchema(*database); !status.ok()) return status;
  return database;
}

std::string Stamp(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

/// Where it is now.
absl::StatusOr<std::string> SetAside(const std::string& path, WallTime now) {
  const std::string wanted = absl::StrCat(path, ".damaged-", Stamp(now));
  std::string aside = wanted;
  std::error_code error;
  for (int i = 2; fs::exists(aside, error); ++i) {
    aside = absl::StrCat(wanted, "-", i);
  }
  for (const char* suffix : {"-shm", "-wal", ""}) {
    if (!fs::exists(path + suffix, error)) continue;
    fs::rename(path + suffix, aside + suffix, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("can't set \"", path, suffix,
                       "\" aside, which is damaged: ", error.message()));
    }
  }
  return aside;
}

}  // namespace

absl::StatusOr<StateDirectory> StateDirectory::Take(const std::string& path) {
  std::error_code error;
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty()) fs::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::UnavailableError(
        absl::StrCat("can't make state_dir \"", path, "\": ", ErrnoText()));
  }
  const std::string lock_path = path + "/prefetch.lock";
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return absl::UnavailableError(
        absl::StrCat("can't open \"", lock_path, "\": ", ErrnoText()));
  }
  StateDirectory directory(path, lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          absl::StrCat("state_dir \"", path, "\" is in use by another server"));
    }
    return absl::UnavailableError(
        absl::StrCat("can't lock \"", lock_path, "\": ", ErrnoText()));
  }
  return directory;
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

StateDirectory& StateDirectory::operator=(StateDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

StateDirectory::~StateDirectory() {
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<JournalFile> OpenJournalFile(const StateDirectory& directory,
                                            WallTime now) {
  const std::string path = directory.path() + "/prefetch.db";
  std::string note;
  auto database = OpenOnce(path);
  if (absl::IsDataLoss(database.status())) {
    const auto aside = SetAside(path, now);
    if (!aside.ok()) return aside.status();
    note = absl::StrCat("the journal of prefetches, \"", path,
                        "\", is damaged (", database.status().message(),
                        "); it has been set aside as \"", *aside,
                        "\", and a new one begun: what it held is not "
                        "prefetched");
    database = OpenOnce(path);
  }
  if (!database.ok()) {
    return absl::Status(database.status().code(),
                        absl::StrCat("the journal of prefetches, \"", path,
                                     "\": ", database.status().message()));
  }
  return JournalFile{*std::move(database), std::move(note)};
}

}  // namespace frontrunner
