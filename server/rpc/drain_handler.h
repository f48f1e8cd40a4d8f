#pragma once

#include <functional>
#include <utility>

#include "server/rpc/errors.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// AdminService.Drain.
class DrainHandler final : public Handler {
 public:
  /// `drain` begins to drain the server, if that has not begun yet; it returns
  /// at once. Any thread. `in_flight` and `errors` outlive the handler.
  DrainHandler(std::function<void()> drain, const InFlight& in_flight,
               const Errors& errors)
      : drain_(std::move(drain)), in_flight_(in_flight), errors_(errors) {}

  void Handle(ServerCall& call) override;

 private:
  const std::function<void()> drain_;
  const InFlight& in_flight_;
  const Errors& errors_;
};

}  // namespace frontrunner
