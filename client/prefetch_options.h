#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "server/base/time.h"

namespace frontrunner {

/// `frontrunner prefetch …` and `frontrunner prefetches VERB …`.
struct PrefetchOptions {
  enum class Verb { kBegin, kList, kShow, kWatch, kCancel };
  Verb verb = Verb::kBegin;
  /// How long the server may be away in one piece.
  std::optional<Duration> patience;
  /// All but list. For prefetch a random one where empty.
  std::string id;

  // prefetch
  std::string table;
  /// "-" is standard input.
  std::string file = "-";
  /// Keys end with NUL instead of a line feed.
  bool null = false;
  std::optional<int64_t> priority;
  /// Keys in one call.
  std::optional<int64_t> chunk;
  bool detach = false;
};

/// Adds both; `options` and `watch` are filled by the parse and must live as
/// long as `app`.
CLI::App* AddPrefetch(CLI::App& app, PrefetchOptions& options);
CLI::App* AddPrefetches(CLI::App& app, PrefetchOptions& options,
                        std::optional<Duration>& watch);

}  // namespace frontrunner
