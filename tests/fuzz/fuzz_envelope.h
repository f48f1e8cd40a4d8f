#pragma once

#include <string_view>

namespace frontrunner {

/// Decodes `input` as it is, then wraps it, damages one byte that the input
/// chooses, and unwraps it. Aborts if anything but the undamaged comes back.
void FuzzEnvelope(std::string_view input);

}  // namespace frontrunner
