#pragma once

#include <string_view>

namespace frontrunner {

/// Whatever a configuration file holds, it is either complete or explained.
void FuzzConfig(std::string_view input);

}  // namespace frontrunner
