#pragma once

#include <optional>

#include "server/base/time.h"

namespace frontrunner {

/// SIGTERM and SIGINT as something to wait for. To be made before any thread
/// is, so that every thread inherits their being blocked. SIGPIPE is ignored
/// for the process: a peer that has gone away is an error of one write.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next signal that came, or nullopt when `at_most` has passed. Any one
  /// thread at a time.
  std::optional<int> Wait(Duration at_most);

 private:
  int fd_;
};

}  // namespace frontrunner
