#pragma once

#include "frontrunner/config/v1/config.pb.h"
#include "server/config/mistakes.h"

namespace frontrunner::config {

/// What no field can say alone. Each looks at one idea, adds what it finds, and
/// passes over what the reader has already complained about.

/// Every source in a race exists, and is there once.
void CheckRaces(const v1::Config& config, Findings& findings);

/// No two servers listen on one address.
void CheckListens(const v1::Config& config, Findings& findings);

/// A message has room for the largest key and value.
void CheckLimits(const v1::Config& config, Findings& findings);

}  // namespace frontrunner::config
