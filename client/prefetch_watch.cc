#include "client/prefetch_watch.h"

#include <algorithm>

namespace frontrunner {
namespace {

// A stream is opened anew so often, so that one whose server is gone without a
// word does not stay for ever.
constexpr Duration kOneStream = std::chrono::seconds(30);
constexpr Duration kOneLook = std::chrono::seconds(10);

}  // namespace

absl::StatusOr<v1::PrefetchProgress> FollowPrefetch(
    AdminClient& client, const std::string& id, Patience& patience,
    TimePoint deadline,
    absl::FunctionRef<void(const v1::PrefetchProgress&)> told) {
  v1::WatchPrefetchRequest request;
  request.set_id(id);
  while (true) {
    v1::PrefetchProgress last;
    bool seen = false;
    const TimePoint now = std::chrono::steady_clock::now();
    // At the deadline patience says so.
    const Duration at_most =
        std::min(kOneStream, std::max(deadline - now, Duration::zero()));
    auto status = client.WatchPrefetch(
        request, at_most, [&](const v1::PrefetchProgress& progress) {
          seen = true;
          patience.Succeeded();
          last = progress;
          if (!progress.finished()) told(progress);
          return !progress.finished();
        });
    if (last.finished()) return last;
    if (seen && absl::IsDeadlineExceeded(status) && at_most == kOneStream) {
      continue;
    }
    if (status.ok()) {
      status = absl::UnavailableError("the server stopped telling");
    }
    status = patience.AfterFailure(status);
    if (!status.ok()) return status;
  }
}

absl::StatusOr<v1::PrefetchProgress> LookAtPrefetch(AdminClient& client,
                                                    const std::string& id) {
  v1::WatchPrefetchRequest request;
  request.set_id(id);
  v1::PrefetchProgress now;
  bool seen = false;
  const auto status = client.WatchPrefetch(
      request, kOneLook, [&](const v1::PrefetchProgress& progress) {
        seen = true;
        now = progress;
        return false;
      });
  if (!status.ok()) return status;
  if (!seen) return absl::UnavailableError("the server told nothing");
  return now;
}

}  // namespace frontrunner
