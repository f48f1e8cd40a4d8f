#pragma once

#include "server/rpc/errors.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/tables_directory.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// AdminService.ListOutstanding. Asks every loop for the lookups that it has,
/// and answers when the last has told.
class ListOutstandingHandler final : public Handler {
 public:
  /// All outlive the handler, as the loops behind the tables outlive its calls.
  ListOutstandingHandler(const TablesDirectory& tables,
                         const InFlight& in_flight, const ServingStatus& status,
                         const Clock& clock, const Errors& errors)
      : tables_(tables),
        in_flight_(in_flight),
        status_(status),
        clock_(clock),
        errors_(errors) {}

  void Handle(ServerCall& call) override;

 private:
  const TablesDirectory& tables_;
  const InFlight& in_flight_;
  const ServingStatus& status_;
  const Clock& clock_;
  const Errors& errors_;
};

}  // namespace frontrunner
