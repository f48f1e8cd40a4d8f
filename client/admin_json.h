#pragma once

#include <string>

#include "frontrunner/v1/admin.pb.h"

namespace frontrunner {

/// As ToJson (json.h), with "keyText" in front of each "key" that is UTF-8.
std::string QueueToJson(const v1::GetQueueResponse& response);
std::string OutstandingToJson(const v1::ListOutstandingResponse& response);

}  // namespace frontrunner
