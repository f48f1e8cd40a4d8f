#pragma once

#include <string_view>

namespace frontrunner {

/// Parses `input` as a stream of memcached's replies, in one piece and in
/// pieces whose size its first byte chooses. Aborts if the cuts matter or a
/// bound does not hold.
void FuzzMemcached(std::string_view input);

}  // namespace frontrunner
