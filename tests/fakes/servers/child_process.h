#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace frontrunner {

/// A program that a test started. It dies with the test, whatever happens.
class ChildProcess {
 public:
  ChildProcess() = default;
  /// Kills and reaps it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Starts `argv` (looked up in PATH); both outputs go to the file `output`.
  /// The test fails if it can't. Not while one is running.
  void Start(const std::vector<std::string>& argv,
             const std::string& output = "/dev/null");

  /// SIGTERM, then SIGKILL after `patience`; returns when it is gone.
  void Stop(std::chrono::milliseconds patience = std::chrono::seconds(5));
  /// SIGKILL; returns when it is gone.
  void Kill();
  /// SIGSTOP and SIGCONT.
  void Pause();
  void Continue();

  /// Started and not reaped.
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

 private:
  void Signal(int signal);
  /// Whether it is gone now.
  bool Reap(bool wait);

  pid_t pid_ = -1;
};

}  // namespace frontrunner
