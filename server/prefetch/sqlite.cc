#include "server/prefetch/sqlite.h"

#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

absl::Status Failure(sqlite3* database, int code) {
  const std::string message =
      database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  const int primary = code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    return absl::DataLossError(message);
  }
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<bool> Statement::Next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  absl::Status status;
  if (code != SQLITE_DONE) {
    status = Failure(sqlite3_db_handle(statement_.get()), code);
  }
  Done();
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  absl::Status status = Next().status();
  Done();
  return status;
}

void Statement::Done() { sqlite3_reset(statement_.get()); }

int64_t Statement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::Null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string Statement::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr || size <= 0) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

void Statement::Bind(int index, int64_t number) {
  sqlite3_bind_int64(statement_.get(), index, number);
}

void Statement::Bind(int index, std::string_view text) {
  // A null pointer would be NULL rather than nothing.
  sqlite3_bind_text64(statement_.get(), index,
                      text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::Bind(int index, Blob blob) {
  sqlite3_bind_blob64(statement_.get(), index,
                      blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                      blob.bytes.size(), SQLITE_STATIC);
}

absl::StatusOr<Database> Database::Open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      nullptr);
  Database database;
  database.database_.reset(raw);
  if (code != SQLITE_OK) return Failure(raw, code);
  sqlite3_extended_result_codes(raw, 1);
  // Files that others made are not to be trusted with functions of ours.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

absl::Status Database::Execute(const char* statements) {
  const int code =
      sqlite3_exec(database_.get(), statements, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Failure(database_.get(), code);
  return absl::OkStatus();
}

absl::StatusOr<Statement> Database::Prepare(std::string_view statement) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), statement.data(),
                                      static_cast<int>(statement.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement prepared;
  prepared.statement_.reset(raw);
  if (code != SQLITE_OK) return Failure(database_.get(), code);
  return prepared;
}

}  // namespace frontrunner
