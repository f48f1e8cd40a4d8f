#pragma once

#include <optional>

#include "server/rpc/errors.h"
#include "server/rpc/request_checks.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// The request message of an admin call. Nullopt: it was malformed, and the
/// call is finished.
template <typename Request>
std::optional<Request> DecodeOrRefuse(ServerCall& call, const Errors& errors) {
  Request request;
  const auto mistake = Decode(errors, call, request);
  if (!mistake) return request;
  call.Finish(AsReply(*mistake));
  return std::nullopt;
}

}  // namespace frontrunner
