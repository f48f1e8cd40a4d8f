#include "tests/rpc/edge_server.h"

#include <chrono>
#include <thread>

namespace frontrunner {

bool WaitUntilNoCalls(const GrpcServer& server) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (server.open_calls() != 0) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace frontrunner
