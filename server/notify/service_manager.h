#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/time.h"

namespace frontrunner {

/// Whoever started us and wants to be told how we are, in the protocol of
/// sd_notify(3): a datagram of lines NAME=VALUE to a Unix socket.
class ServiceManager {
 public:
  struct Settings {
    /// A path, or a name in the abstract namespace behind an '@'. Empty: there
    /// is nobody, and Tell does nothing.
    std::string socket;
    /// The process is killed when it has said nothing for so long; nullopt: it
    /// is not watched.
    std::optional<Duration> watchdog;
  };

  /// As the environment of process `pid` says: NOTIFY_SOCKET, WATCHDOG_USEC,
  /// WATCHDOG_PID. A watchdog that is meant for another process, or is no
  /// number, is none.
  static Settings FromEnvironment(int pid);

  explicit ServiceManager(Settings settings) : settings_(std::move(settings)) {}

  /// Sends `lines`. Waits a second at most for room in the socket. An error
  /// names the socket; the caller may go on without. Any thread.
  absl::Status Tell(std::string_view lines) const;

  const std::optional<Duration>& watchdog() const { return settings_.watchdog; }

 private:
  const Settings settings_;
};

}  // namespace frontrunner
