#pragma once

#include "server/rpc/handler_parts.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// LookupService.BatchLookup. Checks the request as a whole and drops keys
/// given twice; a BatchRun does the rest.
class BatchHandler final : public Handler {
 public:
  explicit BatchHandler(HandlerParts parts) : parts_(parts) {}

  void Handle(ServerCall& call) override;

 private:
  const HandlerParts parts_;
};

}  // namespace frontrunner
