#include "server/sources/memcached/servers.h"

#include <utility>

#include "absl/status/status.h"
#include "server/base/strings.h"
#include "server/sources/envelope/envelope.h"

namespace frontrunner {
namespace {

std::vector<std::string> NamesOf(const std::vector<Address>& addresses) {
  std::vector<std::string> names;
  names.reserve(addresses.size());
  for (const Address& address : addresses) {
    names.push_back(address.ToString());
  }
  return names;
}

/// One that accepts connections but answers nothing, or is no memcached, or
/// wants a login or has too many clients already, does not count as connected.
absl::Status CheckGreeting(const CacheReply& reply) {
  switch (static_cast<MetaReply::Kind>(reply.kind)) {
    case MetaReply::Kind::kNoop:
      return absl::OkStatus();
    case MetaReply::Kind::kServerError:
    case MetaReply::Kind::kClientError:
      return absl::UnavailableError(Absl(reply.line));
    default:
      return absl::UnavailableError("it does not answer as memcached does");
  }
}

}  // namespace

MemcachedServers::MemcachedServers(EventLoop& loop, MemcachedSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      choice_(NamesOf(settings_.servers)) {
  const MetaParser::Limits limits{.max_value =
                                      settings_.max_value + kEnvelopeOverhead};
  for (const Address& address : settings_.servers) {
    auto numbers = std::make_shared<OpaqueNumbers>();
    ConnectionSettings connection = settings_.connection;
    connection.address = address;
    connection.greetings = {
        {.command = std::string(kNoopCommand), .check = CheckGreeting}};
    connection.new_reader = [limits, numbers] {
      return std::make_unique<MetaReader>(limits, numbers);
    };
    connection.observer = [this, observer = settings_.connection.observer](
                              Connectivity now, const absl::Status& reason) {
      if (observer != nullptr) {
        observer(now, reason);
      }
      OnChange();
    };
    // Each has a jitter of its own, so that they do not reconnect in step.
    connection.seed += servers_.size();
    servers_.push_back({.name = address.ToString(),
                        .numbers = std::move(numbers),
                        .connection = std::make_unique<Connection>(
                            loop_, std::move(connection))});
  }
}

Connectivity MemcachedServers::connectivity() const {
  bool opening = false;
  for (const Server& server : servers_) {
    switch (server.connection->connectivity()) {
      case Connectivity::kConnected:
        return Connectivity::kConnected;
      case Connectivity::kOpening:
        opening = true;
        break;
      case Connectivity::kDisconnected:
        break;
    }
  }
  return opening ? Connectivity::kOpening : Connectivity::kDisconnected;
}

void MemcachedServers::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  waiting_.push_back(std::move(opened));
  OnChange();
}

void MemcachedServers::OnChange() {
  if (waiting_.empty() || connectivity() == Connectivity::kOpening) {
    return;
  }
  // Not from within a connection: who waits may let go of all of them.
  loop_.Post([self = weak_from_this()] {
    if (const auto alive = self.lock()) {
      for (auto& opened : std::exchange(alive->waiting_, {})) {
        std::move(opened)();
      }
    }
  });
}

}  // namespace frontrunner
