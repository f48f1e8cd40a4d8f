#pragma once

#include "frontrunner/config/v1/config.pb.h"

namespace frontrunner::config {

/// Fills in the defaults that depend on more than their own field; all others
/// are in the schema.
void FillDefaults(v1::Config& config);

}  // namespace frontrunner::config
