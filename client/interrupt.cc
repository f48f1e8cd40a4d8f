#include "client/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace frontrunner {
namespace {

constexpr int kNoTimeout = -1;

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int Checked(int fd) {
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(),
                            "waiting for signals");
  }
  return fd;
}

int MakeEvent() { return Checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

void Tell(int event) {
  // An eventfd takes one more count for a very long time.
  [[maybe_unused]] const int result = eventfd_write(event, 1);
}

// Which of the two can be read: 0 or 1, the first where both; -1 after the
// timeout.
int PollTwo(int first, int second, int timeout_ms) {
  std::array<pollfd, 2> fds = {
      {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}}};
  int ready = 0;
  do {
    ready = poll(fds.data(), fds.size(), timeout_ms);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return -1;
  return fds[0].revents != 0 ? 0 : 1;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = Signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = Checked(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  told_ = MakeEvent();
  over_ = MakeEvent();
  thread_ = std::thread([this] { Watch(); });
}

Interrupt::~Interrupt() {
  Tell(over_);
  thread_.join();
  close(signals_);
  close(told_);
  close(over_);
  const sigset_t set = Signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Interrupt::Watch() {
  if (PollTwo(over_, signals_, kNoTimeout) == 0) return;
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) != sizeof info) return;
  // The next one comes to this thread and ends the process.
  const sigset_t set = Signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  happened_ = true;
  Tell(told_);
  PollTwo(over_, over_, kNoTimeout);
}

bool Interrupt::SleepFor(Duration duration) const {
  const TimePoint until = std::chrono::steady_clock::now() + duration;
  while (!happened_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    // An hour is as good as any other piece.
    PollTwo(told_, told_,
            static_cast<int>(std::min<int64_t>(left.count(), 3'600'000)));
  }
  return false;
}

bool Interrupt::WaitToRead(int fd) const {
  return !happened_ && PollTwo(told_, fd, kNoTimeout) == 1;
}

Interrupt::OnInterrupt::OnInterrupt(const Interrupt& interrupt,
                                    std::function<void()> then)
    : over_(MakeEvent()),
      thread_([told = interrupt.told_, over = over_, then = std::move(then)] {
        if (PollTwo(over, told, kNoTimeout) == 1) then();
      }) {}

Interrupt::OnInterrupt::~OnInterrupt() {
  Tell(over_);
  thread_.join();
  close(over_);
}

}  // namespace frontrunner
