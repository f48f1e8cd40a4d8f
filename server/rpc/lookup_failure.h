#pragma once

#include "google/rpc/status.pb.h"
#include "server/rpc/errors.h"
#include "server/tables/table.h"

namespace frontrunner {

/// The rich status of a lookup that failed: the sentence names each source with
/// its code, the details hold the race's report. As trailing metadata it takes
/// less than kMaxTrailerBytes, whatever the sources said: their messages are
/// shortened first, then sources are left out from the end, and the sentence
/// says how many. `result.outcome` is a failure.
google::rpc::Status LookupFailure(const Errors& errors, const Table& table,
                                  const LookupResult& result);

}  // namespace frontrunner
