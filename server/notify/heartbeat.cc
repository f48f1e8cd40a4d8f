#include "server/notify/heartbeat.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/notify/liveness.h"

namespace frontrunner {
namespace {

/// A watchdog so short that this is too long is a mistake, not a wish.
constexpr Duration kShortestPeriod = std::chrono::milliseconds(1);

}  // namespace

Heartbeat::Heartbeat(Settings settings)
    : manager_(std::move(settings.manager)), log_(std::move(settings.log)) {}

void Heartbeat::Ready(std::string_view status, TimePoint now) {
  status_ = status;
  last_alive_ = now;
  Tell(absl::StrCat("READY=1\nSTATUS=", status_));
}

void Heartbeat::Beat(bool alive, TimePoint now) {
  const auto& watchdog = manager_.watchdog();
  if (alive) {
    last_alive_ = now;
    if (watchdog) Tell("WATCHDOG=1");
    if (silent_) Tell(absl::StrCat("STATUS=", status_));
    silent_ = false;
    return;
  }
  const Duration patience = watchdog ? *watchdog / 2 : kThreadPatience;
  if (silent_ || now - last_alive_ < patience) return;
  silent_ = true;
  log_(kThreadSilent);
  Tell(absl::StrCat("STATUS=", kThreadSilent));
}

void Heartbeat::Stopping(Duration at_most) {
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(at_most).count();
  Tell(absl::StrCat("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=",
                    microseconds));
}

Duration Heartbeat::period(Duration most) const {
  const auto& watchdog = manager_.watchdog();
  if (!watchdog) return most;
  return std::min(most, std::max<Duration>(kShortestPeriod, *watchdog / 4));
}

void Heartbeat::Tell(std::string_view lines) {
  const absl::Status told = manager_.Tell(lines);
  if (told.ok() || complained_) return;
  complained_ = true;
  log_(Std(told.message()));
}

}  // namespace frontrunner
