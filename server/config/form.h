#pragma once

#include <string_view>

#include "frontrunner/config/v1/options.pb.h"

namespace frontrunner::config {

/// Whether a text is what its form says.
bool HasForm(std::string_view text, v1::Form form);

/// The form in words, for "allowed: …".
std::string_view FormInWords(v1::Form form);

}  // namespace frontrunner::config
