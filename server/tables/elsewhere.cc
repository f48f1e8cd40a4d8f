#include "server/tables/elsewhere.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "server/race/guarded_start.h"

namespace frontrunner {
namespace {

/// Between looks at a cache that can't be asked, doubling from one to the
/// other.
constexpr Duration kFirstDelay = std::chrono::milliseconds(50);
constexpr Duration kMaxDelay = std::chrono::seconds(10);

}  // namespace

/// One cache, watched and looked into.
class Elsewhere::Lookout {
 public:
  Lookout(Loop& loop, const Cache& cache, const CallPtr& call, Found found)
      : loop_(loop), find_(*cache.find), found_(std::move(found)) {
    query_.call = call;
    watch_ = cache.watch->Watch(call, [this] { OnChanged(); });
  }
  Lookout(const Lookout&) = delete;
  Lookout& operator=(const Lookout&) = delete;

 private:
  void OnChanged() {
    if (look_) {
      again_ = true;
    } else {
      Look();
    }
  }

  void Look() {
    again_ = false;
    retry_ = nullptr;
    look_ = StartGuarded(loop_, find_, query_, [this](const Outcome& outcome) {
      OnOutcome(outcome);
    });
  }

  void OnOutcome(const Outcome& outcome) {
    look_ = nullptr;
    if (!outcome.ok() && !absl::IsNotFound(outcome.status())) {
      retry_ = loop_.At(loop_.Now() + delay_, [this] { Look(); });
      delay_ = std::min(2 * delay_, kMaxDelay);
      return;
    }
    delay_ = kFirstDelay;
    if (again_) Look();
    if (!outcome.ok()) return;
    const Found found = found_;  // outlives this, should it be destroyed
    found(*outcome);
  }

  Loop& loop_;
  Source& find_;
  const Found found_;
  Query query_;
  std::unique_ptr<Attempt> look_;
  /// Something changed while it was looked.
  bool again_ = false;
  std::unique_ptr<Timer> retry_;
  Duration delay_ = kFirstDelay;
  std::unique_ptr<Attempt> watch_;
};

Elsewhere::Elsewhere(Loop& loop, const std::vector<TableCache>& caches,
                     const CallPtr& call, const Found& found) {
  for (const TableCache& cache : caches) {
    if (!cache.cache.watch) continue;
    lookouts_.push_back(
        std::make_unique<Lookout>(loop, cache.cache, call, found));
  }
}

Elsewhere::~Elsewhere() = default;

bool Elsewhere::CanHear(const std::vector<TableCache>& caches) {
  return std::any_of(caches.begin(), caches.end(), [](const TableCache& cache) {
    return cache.cache.watch != nullptr;
  });
}

}  // namespace frontrunner
