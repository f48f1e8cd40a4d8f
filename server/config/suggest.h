#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frontrunner::config {

/// The candidate that `text` is most likely a misspelling of: few letters
/// wrong, missing, too many or swapped; upper and lower case are the same.
/// Empty where none is near.
std::string Nearest(std::string_view text,
                    const std::vector<std::string>& candidates);

}  // namespace frontrunner::config
