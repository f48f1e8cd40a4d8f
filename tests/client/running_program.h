#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace frontrunner {

/// A program under way, whose standard output, and on a terminal its standard
/// error too, can be read meanwhile. The destructor kills it. One thread.
class RunningProgram {
 public:
  struct Settings {
    /// Of standard input, output and error. Else input comes from Type, and
    /// standard error is this process's.
    bool terminal = false;
    std::vector<std::string> environment;
  };

  RunningProgram(const std::vector<std::string>& argv,
                 const Settings& settings);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  /// What it has printed so far.
  const std::string& out() const { return out_; }
  /// Reads on until it has printed that; false after 10 s or at its end.
  bool WaitFor(const std::string& text);
  void Type(const std::string& text);
  /// The end of its input; not for a terminal, where that is typed ("\x04").
  void CloseInput();
  void Signal(int signal);
  /// Reads to the end. The exit code; -1 where a signal ended it, or it took
  /// longer than 10 s.
  int Wait();

 private:
  // False where nothing came for `milliseconds`, or nothing will.
  bool Read(int milliseconds);

  pid_t pid_ = -1;
  int in_ = -1;
  int from_ = -1;
  std::string out_;
};

}  // namespace frontrunner
