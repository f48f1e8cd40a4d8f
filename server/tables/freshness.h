#pragma once

#include <optional>

#include "server/base/random.h"
#include "server/base/time.h"
#include "server/race/value.h"
#include "server/tables/table.h"

namespace frontrunner {

/// `by` after `now`, kNever where that is beyond the end of time.
TimePoint After(TimePoint now, Duration by);

/// What a caller is told where the source did not say how long its value may be
/// kept: the table's ttl, if it has one.
void SayHowLongFresh(Value& value, const TableSettings& settings);

/// How long a cache shall keep a winner's value: what the source said, else the
/// table's ttl, shortened by the jitter. Absent: not at all.
std::optional<Duration> TtlFor(const Value& value,
                               const TableSettings::WriteBack& write_back,
                               Random& random);

/// The value that a Put hands to those who wait for it.
Value ValueOf(const ToStore& put, WallTime now);

}  // namespace frontrunner
