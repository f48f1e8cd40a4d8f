#include "server/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace frontrunner {

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wishes_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Without descriptors at the very start nothing else would work either.
  if (signals_ < 0 || wishes_ < 0) std::abort();
}

Signals::~Signals() {
  close(signals_);
  close(wishes_);
}

std::optional<int> Signals::Wait(Duration at_most) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  std::array<pollfd, 2> pollers{
      pollfd{.fd = signals_, .events = POLLIN, .revents = 0},
      pollfd{.fd = wishes_, .events = POLLIN, .revents = 0}};
  if (poll(pollers.data(), pollers.size(), static_cast<int>(milliseconds)) <=
      0) {
    return std::nullopt;
  }
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) == sizeof info) {
    return static_cast<int>(info.ssi_signo);
  }
  uint64_t wishes = 0;
  if (read(wishes_, &wishes, sizeof wishes) == sizeof wishes) return kWished;
  return std::nullopt;
}

void Signals::EndWished() {
  if (wished_.exchange(true)) return;
  const uint64_t one = 1;
  // Can't fail: the counter is far from its end.
  [[maybe_unused]] const ssize_t written = write(wishes_, &one, sizeof one);
}

}  // namespace frontrunner
