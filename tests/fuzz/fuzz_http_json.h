#pragma once

#include <string_view>

namespace frontrunner {

/// The first line of `input` is a JSON pointer, the rest a JSON text: picks and
/// lists what it says, and takes it for a page. Aborts if what was picked is
/// not JSON that reads back as the same, or a bound does not hold.
void FuzzHttpJson(std::string_view input);

}  // namespace frontrunner
