#include "server/net/resolver.h"

#include <netdb.h>
#include <sys/un.h>

#include <cstring>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace frontrunner {
namespace {

using Addresses = std::vector<SocketAddress>;

Addresses UnixAddress(const std::string& path) {
  SocketAddress address;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  std::memcpy(&address.storage, &name, sizeof(name));
  address.size = sizeof(name);
  return {address};
}

/// Blocks, unless `flags` has AI_NUMERICHOST.
absl::StatusOr<Addresses> GetAddresses(const Address& of, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(
      of.host.c_str(), std::to_string(of.port).c_str(), &hints, &found);
  if (error != 0) return absl::UnavailableError(gai_strerror(error));
  Addresses addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace

/// Shared with the thread, which may outlive the Resolver and even the loop.
struct Resolver::State {
  const Address address;
  // The loop's thread only.
  Done done;
  bool looking_up = false;

  std::mutex mutex;
  Loop* loop;  // guarded by mutex; null once the Resolver is gone
};

Resolver::Resolver(Loop& loop, Address address)
    : state_(new State{.address = std::move(address),
                       .done = {},
                       .looking_up = false,
                       .mutex = {},
                       .loop = &loop}) {}

Resolver::~Resolver() {
  state_->done = nullptr;
  std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
}

void Resolver::Cancel() { state_->done = nullptr; }

void Resolver::Resolve(Done done) {
  state_->done = std::move(done);
  if (state_->looking_up) return;
  state_->looking_up = true;
  const Address& address = state_->address;
  absl::StatusOr<Addresses> at_once =
      address.path.empty() ? GetAddresses(address, AI_NUMERICHOST)
                           : UnixAddress(address.path);
  if (!at_once.ok()) {
    try {
      std::thread([state = state_] { LookUp(state); }).detach();
      return;
    } catch (const std::system_error& error) {
      at_once = absl::UnavailableError(
          absl::StrCat("can't start a thread to look it up: ", error.what()));
    }
  }
  state_->loop->Post([state = state_, found = std::move(at_once)]() mutable {
    state->looking_up = false;
    if (state->done) std::exchange(state->done, nullptr)(std::move(found));
  });
}

void Resolver::LookUp(const std::shared_ptr<State>& state) {
  absl::StatusOr<Addresses> found = GetAddresses(state->address, 0);
  std::lock_guard lock(state->mutex);
  if (state->loop == nullptr) return;
  state->loop->Post([state, found = std::move(found)]() mutable {
    state->looking_up = false;
    if (state->done) std::exchange(state->done, nullptr)(std::move(found));
  });
}

}  // namespace frontrunner
