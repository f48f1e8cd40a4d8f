#pragma once

#include <sys/socket.h>

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/loop/loop.h"
#include "server/net/address.h"

namespace frontrunner {

/// A numeric address, as the kernel takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Finds the numeric addresses of one Address, as this machine is configured to
/// (/etc/hosts, DNS, …), asking anew each time. The system's resolver blocks,
/// for many seconds when DNS is down, so names are looked up on a thread; there
/// is at most one such thread per Resolver, however often it is asked.
///
/// Used and destroyed on the loop's thread. Destroying it gives up.
class Resolver {
 public:
  using Done =
      absl::AnyInvocable<void(absl::StatusOr<std::vector<SocketAddress>>) &&>;

  /// `loop` outlives it.
  Resolver(Loop& loop, Address address);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Runs `done` once, on the loop and never inside; not if Resolve is called
  /// again or Cancel before.
  void Resolve(Done done);
  void Cancel();

 private:
  struct State;
  static void LookUp(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;
};

}  // namespace frontrunner
