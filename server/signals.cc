#include "server/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace frontrunner {

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  // Without a descriptor at the very start nothing else would work either.
  if (fd_ < 0) std::abort();
}

Signals::~Signals() { close(fd_); }

std::optional<int> Signals::Wait(Duration at_most) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  pollfd poller{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&poller, 1, static_cast<int>(milliseconds)) <= 0) {
    return std::nullopt;
  }
  signalfd_siginfo info{};
  if (read(fd_, &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace frontrunner
