#pragma once

#include <cstdio>
#include <cstdlib>

namespace frontrunner {

/// Ends the process if `holds` is false, which is how a fuzzer learns that it
/// has found something.
inline void FuzzCheck(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

}  // namespace frontrunner
