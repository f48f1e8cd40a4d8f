#pragma once

#include <string>

#include "frontrunner/v1/admin.pb.h"

namespace frontrunner {

/// The server's tables and sources as columns for people. End with a line feed.
std::string ListTablesText(const v1::ListTablesResponse& response);
std::string ListSourcesText(const v1::ListSourcesResponse& response);

}  // namespace frontrunner
