#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

#include "server/base/time.h"

namespace frontrunner {

/// `frontrunner outstanding` and `frontrunner drain`.
struct AdminOptions {
  /// outstanding; the server's where not given.
  std::optional<int64_t> max_lookups;
  /// drain: until the server is gone.
  bool wait = false;
};

/// Each adds one verb; `options` and `watch` are filled by the parse and must
/// live as long as `app`.
CLI::App* AddTables(CLI::App& app, std::optional<Duration>& watch);
CLI::App* AddSources(CLI::App& app, std::optional<Duration>& watch);
CLI::App* AddOutstanding(CLI::App& app, AdminOptions& options,
                         std::optional<Duration>& watch);
CLI::App* AddDrain(CLI::App& app, AdminOptions& options);

}  // namespace frontrunner
