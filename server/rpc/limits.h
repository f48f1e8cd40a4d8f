#pragma once

#include <cstddef>

namespace frontrunner {

/// What one caller, and all of them together, may ask for.
struct Limits {
  /// Bytes of a key.
  size_t max_key = size_t{64} << 10;
  /// Bytes of a value given to Put.
  size_t max_value = size_t{1} << 20;
  /// Keys of a batch, before those given twice are dropped.
  size_t max_batch = 10000;
  /// Keys of one batch that are under way, or answered and not yet written, at
  /// a time. What a caller who never reads can make the server hold.
  size_t batch_window = 256;
  /// Calls under way; a batch counts once for each key its window has room for
  /// (see in_flight.h).
  size_t max_in_flight = 20000;
  /// Open Watch streams of the health service.
  size_t max_watchers = 1000;
};

}  // namespace frontrunner
