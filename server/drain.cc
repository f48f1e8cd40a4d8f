#include "server/drain.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

namespace frontrunner {
namespace {

/// What is to be waited for, from any threads.
class Countdown {
 public:
  explicit Countdown(size_t from) : left_(from) {}

  void Down() {
    const std::lock_guard lock(mutex_);
    --left_;
    changed_.notify_all();
  }

  /// False: the deadline was first.
  bool WaitUntil(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;  // guards left_
  std::condition_variable changed_;
  size_t left_;
};

/// gRPC's shutdown answers CANCELLED to calls that are on their way when it
/// begins, and callers don't try those again. So refusals go on until nobody
/// has asked for a while; whoever keeps asking for two seconds has been told
/// often.
void WaitForQuiet(const InFlight& in_flight, TimePoint deadline) {
  // Who was told to try again (Errors::Settings::retry_delay) is back by then,
  // also where the network is slow.
  constexpr Duration kQuiet = std::chrono::milliseconds(500);
  constexpr Duration kEnough = std::chrono::seconds(2);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  deadline = std::min<TimePoint>(deadline, now() + kEnough);
  uint64_t refused = in_flight.refused_draining();
  while (now() + kQuiet <= deadline) {
    std::this_thread::sleep_for(kQuiet);
    const uint64_t before =
        std::exchange(refused, in_flight.refused_draining());
    if (refused == before) return;
  }
}

}  // namespace

bool DrainLookups(const DrainParts& parts, TimePoint deadline) {
  // Shared, since the last may end when nobody waits here any more.
  const auto left = std::make_shared<Countdown>(1 + parts.shards.size() +
                                                (parts.prefetches ? 1 : 0));
  parts.in_flight.StartDraining();
  // Before the queues send back what they hold of theirs.
  if (parts.prefetches) parts.prefetches->Stop([left] { left->Down(); });
  for (const auto& queue : parts.queues) queue->Drain();
  for (const auto& shard : parts.shards) {
    shard->loop().Post([shard = shard.get(), left] {
      shard->Drain();
      left->Down();
    });
  }
  parts.in_flight.WhenEmpty([left] { left->Down(); });
  const bool answered = left->WaitUntil(deadline);
  if (answered) WaitForQuiet(parts.in_flight, deadline);
  return answered;
}

}  // namespace frontrunner
