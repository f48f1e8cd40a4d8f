#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "frontrunner/v1/lookup.pb.h"

namespace frontrunner {

struct PictureStyle {
  /// Plain ASCII: for terminals and logs without Unicode.
  bool ascii = false;
  /// ANSI colours.
  bool colour = false;
  /// No line is longer; 60 or more.
  size_t columns = 80;
};

/// Draws a race for people: a head line with the outcome, then a row per
/// entrant in the table's order, its bar on the race's time scale, how it ended
/// and when, in milliseconds since the race began.
///
///   unicode U+1F3C1 → CHEQUERED FLAG      names won in 4.1 ms
///     near      ▏miss 0.0
///     redis     ▏▆▅ miss 0.4
///     names     ▏ ▃▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ won 4.1
///     computed  ▏▃ not its kind 0.1
///
/// `answer` is what a Client returned; where it has no report (it was not asked
/// for, or no race began) the head line stands alone, or with the failure's
/// message. Nothing from elsewhere is printed as it is (text.h). Ends with a
/// line feed.
std::string DrawReport(std::string_view table, std::string_view key,
                       const absl::StatusOr<v1::LookupResponse>& answer,
                       const PictureStyle& style = {});

}  // namespace frontrunner
