#pragma once

#include <string_view>

#include "server/race/query.h"
#include "server/race/source.h"
#include "server/sources/grpc/channel.h"

namespace frontrunner {

/// The serialized LookupRequest of a query.
std::string LookupRequestOf(const Query& query);

/// What a backend's reply to a LookupRequest says. `target` is named in
/// failures, whose message is at most a little longer than 512 bytes and
/// well-formed UTF-8 without control characters, whatever the backend sent.
/// A failure that says when to ask again is marked so (PushbackOf).
Outcome OutcomeOf(const ClientReply& reply, std::string_view target);

}  // namespace frontrunner
