#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace frontrunner {

/// Debian's Abseil has a string_view of its own, which its functions want and
/// which does not convert from std::string_view by itself.
inline absl::string_view Absl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}
inline std::string_view Std(absl::string_view text) {
  return std::string_view(text.data(), text.size());
}

}  // namespace frontrunner
