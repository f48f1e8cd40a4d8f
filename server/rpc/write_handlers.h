#pragma once

#include "server/rpc/handler_parts.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// LookupService.Put.
class PutHandler final : public Handler {
 public:
  explicit PutHandler(HandlerParts parts) : parts_(parts) {}
  void Handle(ServerCall& call) override;

 private:
  const HandlerParts parts_;
};

/// LookupService.Forget.
class ForgetHandler final : public Handler {
 public:
  explicit ForgetHandler(HandlerParts parts) : parts_(parts) {}
  void Handle(ServerCall& call) override;

 private:
  const HandlerParts parts_;
};

}  // namespace frontrunner
