#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace frontrunner {

/// What a page is asked.
struct PageRequest {
  /// What stands behind the "?", decoded, in order.
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// What it answers.
struct PageReply {
  /// An HTTP status code.
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// A page of the HTTP port. Called on the port's thread, for one request at a
/// time; never blocks. What it throws is a 500.
using Page = std::function<PageReply(const PageRequest& request)>;

}  // namespace frontrunner
