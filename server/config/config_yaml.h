#pragma once

#include <string>

#include "frontrunner/config/v1/config.pb.h"

namespace frontrunner {

/// A configuration as a file that LoadConfig would read, with the defaults that
/// were filled in, but for what may be a secret (Rules.secret, and a user in a
/// URL or target): "***" stands for it. By the schema alone, like the reader.
std::string ConfigYaml(const config::v1::Config& config);

}  // namespace frontrunner
