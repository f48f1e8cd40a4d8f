#include "server/notify/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr timeval kMostWait = {.tv_sec = 1, .tv_usec = 0};
/// Beyond it a count of microseconds is no Duration any more.
constexpr int64_t kMostMicroseconds = INT64_MAX / 1000;

/// A whole number above zero, or nullopt.
std::optional<int64_t> NumberIn(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  int64_t number = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, number);
  if (error != std::errc() || rest != end || number <= 0) return std::nullopt;
  return number;
}

absl::Status Failed(const std::string& socket, std::string_view why) {
  return absl::UnavailableError(absl::StrCat("the service manager at ", socket,
                                             " can't be told: ", Absl(why)));
}

}  // namespace

ServiceManager::Settings ServiceManager::FromEnvironment(int pid) {
  Settings settings;
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (socket != nullptr) settings.socket = socket;
  const bool for_another =
      std::getenv("WATCHDOG_PID") != nullptr && NumberIn("WATCHDOG_PID") != pid;
  const auto microseconds = NumberIn("WATCHDOG_USEC");
  if (microseconds && *microseconds <= kMostMicroseconds && !for_another) {
    settings.watchdog = std::chrono::microseconds(*microseconds);
  }
  return settings;
}

absl::Status ServiceManager::Tell(std::string_view lines) const {
  const std::string& name = settings_.socket;
  if (name.empty()) return absl::OkStatus();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A path has a NUL behind it; an abstract name begins with one.
  if (name.size() >= sizeof(address.sun_path) ||
      (name[0] != '/' && name[0] != '@')) {
    return Failed(name, "neither a path nor an abstract name, or too long");
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  size_t length = offsetof(sockaddr_un, sun_path) + name.size();
  if (name[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++length;
  }
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failed(name, std::strerror(errno));
  // Best effort: without it a full socket is waited for without an end.
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kMostWait, sizeof(kMostWait));
  ssize_t sent = 0;
  do {
    sent = sendto(fd, lines.data(), lines.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(length));
  } while (sent < 0 && errno == EINTR);
  const int error = errno;
  close(fd);
  if (sent < 0) return Failed(name, std::strerror(error));
  return absl::OkStatus();
}

}  // namespace frontrunner
