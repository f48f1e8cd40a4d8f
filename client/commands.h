#pragma once

#include "client/options.h"
#include "client/output.h"

namespace frontrunner {

/// Runs a command against the server and says what the process exits with. No
/// thread must have been made before, since commands of AdminService take over
/// SIGINT and SIGTERM (interrupt.h).
ExitCode RunCommand(const Options& options, const Output& output);

}  // namespace frontrunner
