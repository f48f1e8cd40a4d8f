#pragma once

#include <optional>
#include <string>

namespace frontrunner {

/// "scheme://host:port" of a URL, in lower case and with the port spelled out;
/// nullopt unless it is one of http or https that can be asked.
std::optional<std::string> OriginOf(const std::string& url);

}  // namespace frontrunner
