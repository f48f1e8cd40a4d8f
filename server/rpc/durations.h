#pragma once

#include <optional>

#include "google/protobuf/duration.pb.h"
#include "server/base/time.h"

namespace frontrunner {

void SetDuration(Duration duration, google::protobuf::Duration& proto);

/// Nullopt: not a well-formed Duration, or one that nanoseconds can't hold
/// (about 292 years).
std::optional<Duration> FromProto(const google::protobuf::Duration& proto);

}  // namespace frontrunner
