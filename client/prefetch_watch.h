#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "client/admin_client.h"
#include "client/patience.h"

namespace frontrunner {

/// Looks on until a prefetch is finished, over restarts of the server, and
/// returns its last progress. `told` runs for each before that, on the caller's
/// thread. Not longer than until `deadline`, which `patience` has too.
absl::StatusOr<v1::PrefetchProgress> FollowPrefetch(
    AdminClient& client, const std::string& id, Patience& patience,
    TimePoint deadline,
    absl::FunctionRef<void(const v1::PrefetchProgress&)> told);

/// How far a prefetch is now.
absl::StatusOr<v1::PrefetchProgress> LookAtPrefetch(AdminClient& client,
                                                    const std::string& id);

}  // namespace frontrunner
