#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/notify/service_manager.h"

namespace frontrunner {

/// Tells the service manager of a process how its life goes: READY when it
/// serves, WATCHDOG while it is alive, STOPPING when it goes away, and a STATUS
/// line with each change. Where nobody wants to know, nothing happens.
///
/// For one thread. What can't be told is said once to `log`, and life goes on.
class Heartbeat {
 public:
  struct Settings {
    ServiceManager::Settings manager;
    std::function<void(std::string_view)> log;
  };

  explicit Heartbeat(Settings settings);

  /// It serves now; `status` is a short line for people.
  void Ready(std::string_view status, TimePoint now);

  /// To be called at least every period(). `alive`: something has happened
  /// since the last call that shows that all is well. Without that for half of
  /// the watchdog's time (kThreadPatience where nobody watches) the log and the
  /// status say so, until it is alive again.
  void Beat(bool alive, TimePoint now);

  /// It goes away, which takes `at_most`: the manager is asked to wait that
  /// long, whatever its own limit.
  void Stopping(Duration at_most);

  /// How often Beat is to be called: `most`, or less where the watchdog is
  /// shorter than that allows.
  Duration period(Duration most) const;

 private:
  void Tell(std::string_view lines);

  const ServiceManager manager_;
  const std::function<void(std::string_view)> log_;
  std::string status_;
  TimePoint last_alive_;
  bool silent_ = false;
  bool complained_ = false;
};

}  // namespace frontrunner
