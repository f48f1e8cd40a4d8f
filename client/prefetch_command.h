#pragma once

#include "client/admin_session.h"
#include "frontrunner/v1/admin.pb.h"

namespace frontrunner {

/// `frontrunner prefetch …` and `frontrunner prefetches VERB …`.
ExitCode RunPrefetch(AdminSession& session);

/// What a finished prefetch exits with: kFound where all is stored, kNotFound
/// where nothing else went wrong than that nobody has some keys, else kFailed.
ExitCode ExitCodeOf(const v1::PrefetchProgress& progress);

/// An id that says when, in UTC, and is nobody else's:
/// "20261122-191502-4f1c9a".
std::string RandomPrefetchId();

}  // namespace frontrunner
