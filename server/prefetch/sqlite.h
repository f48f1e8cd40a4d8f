#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace frontrunner {

/// Bytes that are not text.
struct Blob {
  std::string_view bytes;
};

/// A compiled statement. For one thread at a time; goes before its database.
class Statement {
 public:
  Statement() = default;

  /// Takes the parameters in their order, for a new run. They are looked at
  /// until Run has returned or Done.
  template <typename... Parameters>
  Statement& With(const Parameters&... parameters) {
    Done();
    [[maybe_unused]] int index = 0;
    (Bind(++index, parameters), ...);
    return *this;
  }

  /// The next row: false when there is none, and the run is over then.
  absl::StatusOr<bool> Next();
  /// Runs one that gives no rows.
  absl::Status Run();
  /// Ends a run before its last row.
  void Done();

  int64_t Number(int column) const;
  bool Null(int column) const;
  std::string Bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const {
      sqlite3_finalize(statement);
    }
  };

  void Bind(int index, int64_t number);
  void Bind(int index, std::string_view text);
  void Bind(int index, Blob blob);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// An SQLite database in a file. For one thread at a time.
///
/// Failures say what SQLite says, which is no part of the data. kDataLoss: the
/// file is damaged, or no database; kUnavailable: everything else.
class Database {
 public:
  /// Makes the file where there is none.
  static absl::StatusOr<Database> Open(const std::string& path);

  /// Statements without parameters; rows are dropped.
  absl::Status Execute(const char* statements);
  absl::StatusOr<Statement> Prepare(std::string_view statement);

  /// Rows that the last statement changed.
  int64_t changes() const { return sqlite3_changes64(database_.get()); }
  int64_t last_row() const {
    return sqlite3_last_insert_rowid(database_.get());
  }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace frontrunner
