#include "server/sources/redis/greetings.h"

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

std::vector<Greeting> RedisGreetings(const RedisSettings& settings) {
  std::vector<Greeting> greetings;
  if (!settings.password.empty()) {
    greetings.push_back(
        settings.username.empty()
            ? MakeGreeting("AUTH", "OK", {"AUTH", settings.password})
            : MakeGreeting("AUTH", "OK",
                           {"AUTH", settings.username, settings.password}));
  }
  if (settings.database != 0) {
    greetings.push_back(MakeGreeting(
        "SELECT", "OK", {"SELECT", std::to_string(settings.database)}));
  }
  greetings.push_back(MakeGreeting("PING", "PONG", {"PING"}));
  return greetings;
}

}  // namespace frontrunner
