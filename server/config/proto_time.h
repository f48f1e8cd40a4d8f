#pragma once

#include <google/protobuf/duration.pb.h>

#include <chrono>

#include "server/base/time.h"

namespace frontrunner::config {

/// A duration of the configuration, whose ranges keep it from overflowing.
inline Duration ToDuration(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) +
         std::chrono::nanoseconds(duration.nanos());
}

}  // namespace frontrunner::config
