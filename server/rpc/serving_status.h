#pragma once

#include <atomic>
#include <optional>
#include <string_view>

#include "server/rpc/tables_directory.h"

namespace frontrunner {

/// Whether the server as a whole, and each table, can serve (rule 13).
/// Thread-safe.
class ServingStatus {
 public:
  virtual ~ServingStatus() = default;

  /// "": the server as a whole; else a table's name. Nullopt: there is no such
  /// service.
  virtual std::optional<bool> Serving(std::string_view service) const = 0;
};

/// The status of the tables of one configuration: each its own, the whole
/// server's always good, until somebody says that no more is to be sent here.
class TablesServing final : public ServingStatus {
 public:
  /// `tables` outlives this.
  explicit TablesServing(const TablesDirectory& tables) : tables_(tables) {}

  std::optional<bool> Serving(std::string_view service) const override {
    const bool open = !stopped_.load(std::memory_order_relaxed);
    if (service.empty()) return open;
    const Table* const table = tables_.Find(service);
    if (table == nullptr) return std::nullopt;
    return open && table->serving();
  }

  /// The beginning of the lame duck (rule 14): everything is NOT_SERVING from
  /// now on, so that balancers move on. For good.
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  const TablesDirectory& tables_;
  std::atomic<bool> stopped_{false};
};

}  // namespace frontrunner
