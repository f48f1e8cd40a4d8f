#pragma once

#include <cstddef>
#include <ostream>

#include "client/options.h"

namespace frontrunner {

/// Where a command prints.
struct Output {
  std::ostream& out;
  std::ostream& err;
  /// `out` is a terminal: values are escaped for it.
  bool terminal = false;
  /// What --color=auto means here.
  bool colour = false;
  size_t columns = 80;
};

/// Runs a command against the server and says what the process exits with.
ExitCode RunCommand(const Options& options, const Output& output);

}  // namespace frontrunner
