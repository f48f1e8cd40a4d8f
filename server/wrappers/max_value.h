#pragma once

#include <cstddef>
#include <memory>

#include "server/race/source.h"

namespace frontrunner {

/// A value above `max_bytes` is no answer: the attempt fails with
/// kResourceExhausted.
std::shared_ptr<Source> WithMaxValue(size_t max_bytes,
                                     std::shared_ptr<Source> inner);

}  // namespace frontrunner
