#pragma once

#include "server/rpc/handler_parts.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// LookupService.Lookup. What memory has is answered at once on the edge
/// thread; all else goes to the loop that owns the key, and is answered from
/// there. Who waits for a value to be put is not in flight while it waits: the
/// table bounds those.
class LookupHandler final : public Handler {
 public:
  explicit LookupHandler(HandlerParts parts) : parts_(parts) {}

  void Handle(ServerCall& call) override;

 private:
  class Pending;

  const HandlerParts parts_;
};

}  // namespace frontrunner
