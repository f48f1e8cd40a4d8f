#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/time.h"

namespace frontrunner {

/// Writes metrics in Prometheus's text format, version 0.0.4. Families come one
/// after the other, each with its samples behind it.
class Exposition {
 public:
  static constexpr std::string_view kContentType =
      "text/plain; version=0.0.4; charset=utf-8";

  enum class Kind {
    /// Only grows. Its name ends in "_total".
    kCounter,
    kGauge,
    /// Without quantiles: a sum and a count (see Summary).
    kSummary,
  };

  /// Any text as a value.
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  /// Begins a family: its name, with the unit in it, and what it is.
  void Family(std::string_view name, Kind kind, std::string_view help);

  /// A sample of the family begun last.
  void Sample(const Labels& labels, uint64_t value);
  /// Of a summary: what was added up, in seconds, and how many there were.
  void Summary(const Labels& labels, Duration sum, uint64_t count);

  const std::string& text() const { return text_; }

 private:
  void Begin(std::string_view suffix, const Labels& labels);

  std::string family_;
  std::string text_;
};

}  // namespace frontrunner
