#pragma once

#include <cstddef>
#include <string>

#include "frontrunner/v1/admin.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// How a prefetch's progress is told in one line.
struct ProgressStyle {
  /// Begins with a bar.
  bool bar = false;
  /// The bar takes what the rest leaves of them, forty at most, and is left
  /// out where that is less than ten.
  size_t columns = 80;
};

/// "[#####     ] 50%  1000 of 2000, 3 failed, 250/s, 0:04 left", without line
/// feed. Before all keys are known there is no bar and no remaining time.
std::string ProgressLine(const v1::PrefetchProgress& progress,
                         const ProgressStyle& style);

/// "0:04", "1:02:03"; rounded up to seconds.
std::string ClockText(Duration duration);

/// How a prefetch ended, or how far it is: a sentence, and for each code of
/// failures a line with the first message. Ends with a line feed.
std::string PrefetchSummary(const v1::PrefetchProgress& progress);

/// Prefetches as columns.
std::string ListPrefetchesText(const v1::ListPrefetchesResponse& response);

}  // namespace frontrunner
