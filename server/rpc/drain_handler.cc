#include "server/rpc/drain_handler.h"

#include <cstdint>

#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/admin_request.h"

namespace frontrunner {

void DrainHandler::Handle(ServerCall& call) {
  if (!DecodeOrRefuse<v1::DrainRequest>(call, errors_)) return;
  v1::DrainResponse response;
  response.set_outstanding(static_cast<int32_t>(in_flight_.outstanding()));
  drain_();
  call.Finish({.response = response.SerializeAsString()});
}

}  // namespace frontrunner
