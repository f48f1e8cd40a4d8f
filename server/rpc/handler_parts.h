#pragma once

#include "server/rpc/errors.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/limits.h"
#include "server/rpc/tables_directory.h"

namespace frontrunner {

/// What the handlers of LookupService work with. Nothing is owned; all of it,
/// and the loops behind the tables, outlive the calls.
struct HandlerParts {
  const TablesDirectory* tables = nullptr;
  const Errors* errors = nullptr;
  InFlight* in_flight = nullptr;
  Limits limits;
};

}  // namespace frontrunner
