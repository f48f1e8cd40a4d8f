#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/base/time.h"
#include "server/race/source.h"

namespace frontrunner {

/// What an operator sees of a table's entrant.
struct EntrantView {
  std::string source;
  /// "at once", "after 2ms" or "others_fail".
  std::string start;
  /// gRPC code names.
  std::vector<std::string> final_codes;
};

/// TableCounters at one moment.
struct TableCountersView {
  uint64_t lookups = 0;
  uint64_t peek_hits = 0;
  uint64_t races = 0;
  uint64_t coalesced = 0;
  uint64_t write_backs = 0;
  uint64_t write_back_failures = 0;
  uint64_t write_backs_skipped = 0;
  /// Callers that wait for a value now.
  uint64_t waiting = 0;
};

/// What an operator sees of a table.
struct TableView {
  std::string name;
  std::vector<EntrantView> entrants;
  Duration deadline{0};
  uint32_t version = 0;
  bool coalesce = true;
  /// Absent: winners are not written back.
  std::optional<Duration> write_back_ttl;
  bool serving = false;
  TableCountersView counters;
};

/// What an operator sees of a source, all its loops together.
struct SourceView {
  struct Counters {
    uint64_t started = 0;
    uint64_t succeeded = 0;
    uint64_t missed = 0;
    uint64_t failed = 0;
    uint64_t cancelled = 0;
    /// Under way now.
    uint64_t underway = 0;
    /// By gRPC code name.
    std::map<std::string, uint64_t> failures;
    /// Of attempts that succeeded or missed.
    Duration mean_latency{0};
    /// Theirs, added up. Absent where nobody measures them.
    std::optional<Duration> latency_sum;
  };

  /// Of what retries and hedges share.
  struct Budget {
    /// Lookups that raced the source.
    uint64_t offered = 0;
    /// Extra attempts.
    uint64_t granted = 0;
    uint64_t refused = 0;
  };

  std::string name;
  /// "memory", "redis", "memcached", "grpc", "http" or "computation".
  std::string kind;
  /// Connected: on every loop.
  Connectivity connectivity = Connectivity::kConnected;
  Counters counters;
  /// Absent where more attempts cost nobody else anything.
  std::optional<Budget> budget;
};

/// The running server as an operator sees it. Thread-safe; never blocks.
class AdminView {
 public:
  virtual ~AdminView() = default;

  /// In any order.
  virtual std::vector<TableView> Tables() const = 0;
  virtual std::vector<SourceView> Sources() const = 0;
};

}  // namespace frontrunner
