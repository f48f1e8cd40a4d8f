#pragma once

#include <optional>
#include <string_view>

#include "server/rpc/errors.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// The request message of an admin call. Nullopt: it was malformed, and the
/// call is finished.
template <typename Request>
std::optional<Request> DecodeOrRefuse(ServerCall& call, const Errors& errors) {
  Request request;
  const std::string_view bytes = call.request();
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return request;
  }
  call.Finish(AsReply(
      errors.Plain(Reason::kInvalidRequest,
                   "The request is not a well-formed message of its type.")));
  return std::nullopt;
}

}  // namespace frontrunner
