#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "server/rpc/tables_directory.h"

namespace frontrunner {

/// Whether the server as a whole, and each table, can serve (rule 13).
/// Thread-safe.
class ServingStatus {
 public:
  virtual ~ServingStatus() = default;

  /// "": the server as a whole; a table's name; or "source/" and a source's
  /// name. Nullopt: there is no such service.
  virtual std::optional<bool> Serving(std::string_view service) const = 0;

  /// The server goes away: from the beginning of a drain, so also in the lame
  /// duck, while lookups are still taken.
  bool draining() const { return !Serving("").value_or(true); }
};

/// The status of the tables and sources of one configuration: each its own, the
/// whole server's always good, until somebody says that no more is to be sent
/// here.
class TablesServing final : public ServingStatus {
 public:
  /// Whether a source is connected; nullopt: there is none of that name. Any
  /// thread.
  using SourceReady =
      std::function<std::optional<bool>(std::string_view source)>;

  /// `tables` outlives this. `source_ready` may be null: no sources are told
  /// of.
  TablesServing(const TablesDirectory& tables, SourceReady source_ready)
      : tables_(tables), source_ready_(std::move(source_ready)) {}

  std::optional<bool> Serving(std::string_view service) const override {
    const bool open = !stopped_.load(std::memory_order_relaxed);
    if (service.empty()) return open;
    if (service.starts_with(kSource) && source_ready_) {
      const auto ready = source_ready_(service.substr(kSource.size()));
      return ready ? std::optional(open && *ready) : std::nullopt;
    }
    const Table* const table = tables_.Find(service);
    if (table == nullptr) return std::nullopt;
    return open && table->serving();
  }

  /// The beginning of the lame duck (rule 14): everything is NOT_SERVING from
  /// now on, so that balancers move on. For good.
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  static constexpr std::string_view kSource = "source/";

  const TablesDirectory& tables_;
  const SourceReady source_ready_;
  std::atomic<bool> stopped_{false};
};

}  // namespace frontrunner
