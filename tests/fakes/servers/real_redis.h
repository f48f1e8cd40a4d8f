#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/servers/child_process.h"

namespace frontrunner {

/// A real redis-server on a free loopback port and a Unix socket, without
/// persistence. The test fails if it does not come up.
class RealRedis {
 public:
  /// `arguments`: further ones for its command line, e.g. "--maxmemory", "1mb".
  explicit RealRedis(std::vector<std::string> arguments = {});
  ~RealRedis();

  uint16_t port() const { return port_; }
  /// "127.0.0.1:port".
  std::string address() const;
  /// "unix:/…".
  std::string unix_address() const { return "unix:" + path(); }
  std::string path() const { return directory_ + "/redis.sock"; }

  /// Starts it (again), on the same port; returns when it answers.
  void Start();
  ChildProcess& process() { return process_; }

  /// One command, on a connection of its own: the reply as text ("(nil)" for
  /// none), or "(error) …".
  std::string Call(std::initializer_list<std::string_view> arguments);

 private:
  const uint16_t port_;
  const std::vector<std::string> arguments_;
  std::string directory_;
  ChildProcess process_;
};

}  // namespace frontrunner
