#include "server/sources/redis/redis_connections.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/envelope/envelope.h"
#include "server/sources/redis/error_status.h"
#include "server/sources/redis/resp_command.h"
#include "server/sources/redis/resp_reader.h"

namespace frontrunner {
namespace {

/// A command that must be answered with `expected`; `what` names it, since the
/// command itself may hold the password.
Greeting MakeGreeting(std::string_view what, std::string_view expected,
                      std::initializer_list<std::string_view> command) {
  Greeting greeting;
  AppendCommand(greeting.command, command);
  greeting.check = [what = std::string(what),
                    expected = std::string(expected)](const CacheReply& reply) {
    if (reply.kind == static_cast<int>(RespKind::kError)) {
      return RedisErrorStatus(what, reply.line);
    }
    if (reply.kind == static_cast<int>(RespKind::kStatus) &&
        reply.line == expected) {
      return absl::OkStatus();
    }
    return absl::UnavailableError(
        absl::StrCat("it does not answer ", what, " as Redis does"));
  };
  return greeting;
}

}  // namespace

RedisConnections::RedisConnections(EventLoop& loop, RedisSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      server_(settings_.address.ToString()) {
  for (size_t i = 0; i < std::max<size_t>(settings_.connections, 1); ++i) {
    ConnectionSettings connection = settings_.connection;
    connection.address = settings_.address;
    connection.greetings = Greetings();
    connection.new_reader = [cap = settings_.max_value + kEnvelopeOverhead] {
      return std::make_unique<RespReader>(cap);
    };
    connection.observer = [this, observer = settings_.connection.observer](
                              Connectivity now, const absl::Status& why) {
      if (observer) observer(now, why);
      OnChange();
    };
    connections_.push_back(
        std::make_unique<Connection>(loop_, std::move(connection)));
  }
}

std::vector<Greeting> RedisConnections::Greetings() const {
  std::vector<Greeting> greetings;
  if (!settings_.password.empty()) {
    greetings.push_back(
        settings_.username.empty()
            ? MakeGreeting("AUTH", "OK", {"AUTH", settings_.password})
            : MakeGreeting("AUTH", "OK",
                           {"AUTH", settings_.username, settings_.password}));
  }
  if (settings_.database != 0) {
    greetings.push_back(MakeGreeting(
        "SELECT", "OK", {"SELECT", std::to_string(settings_.database)}));
  }
  // A server that needs a login we do not have, or is still loading, says so
  // here and not to the first who ask.
  greetings.push_back(MakeGreeting("PING", "PONG", {"PING"}));
  return greetings;
}

std::string RedisConnections::StoredKey(const CallContext& call) const {
  return absl::StrCat(settings_.key_prefix, call.table, ":", call.version, ":",
                      call.key);
}

Connectivity RedisConnections::connectivity() const {
  Connectivity best = Connectivity::kDisconnected;
  for (const auto& connection : connections_) {
    const Connectivity its = connection->connectivity();
    if (its == Connectivity::kConnected) return its;
    if (its == Connectivity::kOpening) best = its;
  }
  return best;
}

void RedisConnections::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  waiting_.push_back(std::move(opened));
  OnChange();
}

void RedisConnections::OnChange() {
  if (waiting_.empty() || connectivity() == Connectivity::kOpening) return;
  // Not from within a connection: who waits may let go of all of them.
  loop_.Post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    for (auto& opened : std::exchange(self->waiting_, {})) std::move(opened)();
  });
}

}  // namespace frontrunner
