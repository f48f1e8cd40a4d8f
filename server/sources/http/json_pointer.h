#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace frontrunner {

/// A place in a JSON text (RFC 6901). Immutable.
class JsonPointer {
 public:
  struct Step {
    /// An object's member.
    std::string name;
    /// An array's element, where `name` is a number as RFC 6901 spells it.
    std::optional<size_t> index;
  };

  /// "" is the whole text; anything else begins with '/', and '~' comes only as
  /// "~0" (for '~') and "~1" (for '/').
  static absl::StatusOr<JsonPointer> Parse(std::string_view text);

  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
};

}  // namespace frontrunner
