#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "server/base/time.h"

namespace frontrunner {

/// `frontrunner queue VERB …`.
struct QueueOptions {
  enum class Verb {
    kList,
    kShow,
    kWidth,
    kPause,
    kResume,
    kCancel,
    kPriority,
    kClear,
  };
  Verb verb = Verb::kList;
  /// All but list.
  std::string queue;
  /// cancel, priority.
  std::optional<int64_t> job;
  /// width always, resume perhaps. 0 or more.
  std::optional<int64_t> width;
  /// priority.
  std::optional<int64_t> priority;
  /// show; the server's where not given.
  std::optional<int64_t> max_jobs;
};

/// Adds the verbs; `options` and `watch` are filled by the parse and must live
/// as long as `app`.
CLI::App* AddQueue(CLI::App& app, QueueOptions& options,
                   std::optional<Duration>& watch);

}  // namespace frontrunner
