#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/race/query.h"
#include "server/race/value.h"

namespace frontrunner {

/// What is stored in shared caches: the value's bytes behind a header that says
/// whose they are, since when and until when, with a checksum over everything.
/// So the age of a value is known, and bytes that are foreign, damaged, of
/// another format or under a wrong key are a miss instead of a wrong answer.
///
///     offset  size  what
///          0     4  magic, "FRv" and the format (1)
///          4     4  the table's version
///          8     8  hash of table, version and key
///         16     8  produced, in nanoseconds since 1970
///         24     8  expires, in nanoseconds since 1970; the largest number:
///         never 32     8  checksum: XXH3 of all other bytes 40        the
///         value
///
/// Numbers are little endian. Nothing here has state; any thread.
inline constexpr size_t kEnvelopeOverhead = 40;

/// Wraps `to_store.bytes`; `now` is when its ttl begins.
std::string EncodeEnvelope(const CallContext& call, const ToStore& to_store,
                           WallTime now);

/// Unwraps what a cache had under the key of `call`. kNotFound unless it is
/// whole, ours, of this key, table and table version, and not expired. The age
/// is never negative, even where clocks differ; fresh_for is what is left until
/// it expires, absent if it never does.
absl::StatusOr<Value> DecodeEnvelope(const CallContext& call,
                                     std::string_view stored, WallTime now);

}  // namespace frontrunner
