#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/servers/child_process.h"

namespace frontrunner {

/// A real memcached on a free loopback port or, since it can't have both, on a
/// Unix socket. The test fails if it does not come up.
class RealMemcached {
 public:
  enum class Listen { kTcp, kUnixSocket };

  /// `arguments`: further ones for its command line, e.g. "-I", "2m".
  explicit RealMemcached(Listen listen = Listen::kTcp,
                         std::vector<std::string> arguments = {});
  ~RealMemcached();

  /// "127.0.0.1:port" or "unix:/…".
  std::string address() const;

  /// Starts it (again), at the same place; returns when it answers.
  void Start();
  ChildProcess& process() { return process_; }

  /// Sends commands (with their line ends) on a connection of its own: all that
  /// it answers, or "(no connection)".
  std::string Call(std::string_view commands);

 private:
  const Listen listen_;
  const std::vector<std::string> arguments_;
  const std::string directory_;
  const uint16_t port_;
  ChildProcess process_;
};

}  // namespace frontrunner
