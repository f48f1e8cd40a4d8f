#include "server/prefetch/watchers.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace frontrunner {
namespace {

constexpr Duration kBetween = std::chrono::milliseconds(100);
constexpr Duration kRateChanges = std::chrono::seconds(1);

}  // namespace

void PrefetchWatchers::Add(uint64_t watch, int64_t number, Changed changed) {
  Watcher watcher{.number = number, .changed = std::move(changed)};
  double rate = 0;
  if (!TellOne(watcher, rate)) return;
  watchers_.emplace(watch, std::move(watcher));
}

bool PrefetchWatchers::TellOne(Watcher& watcher, double& rate) const {
  std::optional<PrefetchView> view = view_(watcher.number);
  if (!view) {
    watcher.changed(absl::NotFoundError("The prefetch is forgotten."));
    return false;
  }
  rate = view->per_second;
  const bool over = view->finished;
  watcher.changed(*std::move(view));
  return !over;
}

void PrefetchWatchers::Touch(int64_t number) {
  if (watchers_.empty()) return;
  touched_.insert(number);
  if (timer_) return;
  const TimePoint now = loop_.Now();
  const TimePoint when =
      told_ == TimePoint::min() ? now : std::max(now, told_ + kBetween);
  timer_ = loop_.At(when, [this] {
    timer_ = nullptr;
    Tell();
  });
}

void PrefetchWatchers::Tell() {
  told_ = loop_.Now();
  const std::set<int64_t> touched = std::exchange(touched_, {});
  bool rates = false;
  for (auto next = watchers_.begin(); next != watchers_.end();) {
    const auto watcher = next++;
    if (touched.count(watcher->second.number) == 0) continue;
    double rate = 0;
    if (TellOne(watcher->second, rate)) {
      rates = rates || rate > 0;
    } else {
      watchers_.erase(watcher);
    }
  }
  if (!rates || again_) return;
  again_ = loop_.At(told_ + kRateChanges, [this] {
    again_ = nullptr;
    for (const auto& [watch, watcher] : watchers_) Touch(watcher.number);
  });
}

}  // namespace frontrunner
