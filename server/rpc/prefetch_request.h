#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/rpc/admin_request.h"
#include "server/rpc/handler_parts.h"
#include "server/rpc/prefetch_control.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// What the handlers of prefetches work with.
struct PrefetchParts : HandlerParts {
  /// Null: there is no state_dir.
  PrefetchControl* control = nullptr;
};

/// Without a state_dir every call is refused with FAILED_PRECONDITION. True:
/// it was, and is finished.
bool RefusedWithoutControl(const PrefetchParts& parts, ServerCall& call);

/// The request, of a server that has a state_dir. Nullopt: the call was
/// refused, and is finished.
template <typename Request>
std::optional<Request> PrefetchRequestOrRefuse(const PrefetchParts& parts,
                                               ServerCall& call) {
  if (RefusedWithoutControl(parts, call)) return std::nullopt;
  return DecodeOrRefuse<Request>(call, *parts.errors);
}

/// Whether an id may not be one. True: the call is finished.
bool RefusedForItsId(const PrefetchParts& parts, ServerCall& call,
                     const std::string& id);

/// A failure that a PrefetchControl has told.
Reply FailedPrefetchReply(const Errors& errors, const absl::Status& status);

}  // namespace frontrunner
