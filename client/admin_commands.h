#pragma once

#include "client/options.h"
#include "client/output.h"

namespace frontrunner {

/// Runs a command that asks AdminService. No thread must have been made before.
ExitCode RunAdmin(const Options& options, const Output& output);

}  // namespace frontrunner
