#pragma once

#include <optional>
#include <string_view>

#include "google/protobuf/duration.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// Clamped to what a Duration can hold (292 years), since a peer may send
/// anything.
Duration FromProto(const google::protobuf::Duration& duration);
google::protobuf::Duration ToProto(Duration duration);

/// In milliseconds, for people.
double Milliseconds(const google::protobuf::Duration& duration);

/// "250ms", "1.5s", "1h30m"; nullopt for anything else and what is not greater
/// than zero.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace frontrunner
