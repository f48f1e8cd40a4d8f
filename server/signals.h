#pragma once

#include <atomic>
#include <optional>

#include "server/base/time.h"

namespace frontrunner {

/// SIGTERM and SIGINT, or somebody's wish that amounts to the same, as
/// something to wait for. To be made before any thread is, so that every thread
/// inherits their being blocked. SIGPIPE is ignored for the process: a peer
/// that has gone away is an error of one write.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// What Wait says after EndWished.
  static constexpr int kWished = 0;

  /// The next signal that came, kWished, or nullopt when `at_most` has passed.
  /// Any one thread at a time.
  std::optional<int> Wait(Duration at_most);

  /// Lets Wait say kWished, once however often it is called. Any thread.
  void EndWished();

 private:
  int signals_;
  int wishes_;
  std::atomic<bool> wished_{false};
};

}  // namespace frontrunner
