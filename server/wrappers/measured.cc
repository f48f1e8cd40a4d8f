#include "server/wrappers/measured.h"

#include <utility>

#include "absl/status/status.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

void Add(std::atomic<uint64_t>& counter, uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

uint64_t Get(const std::atomic<uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

class MeasuredAttempt final : public Attempt {
 public:
  MeasuredAttempt(const Clock& clock, std::shared_ptr<SourceStats> stats,
                  Done done)
      : clock_(clock),
        stats_(std::move(stats)),
        began_(clock.Now()),
        done_(std::move(done)) {
    Add(stats_->started);
  }
  ~MeasuredAttempt() override {
    if (done_) Add(stats_->cancelled);
  }
  MeasuredAttempt(const MeasuredAttempt&) = delete;
  MeasuredAttempt& operator=(const MeasuredAttempt&) = delete;

  void Begin(Source& source, const Query& query) {
    attempt_ = source.Start(
        query, [this](Outcome outcome) { End(std::move(outcome)); });
  }

  void Reprioritise(int priority) override {
    if (attempt_) attempt_->Reprioritise(priority);
  }

 private:
  /// `this` may be gone afterwards. A second answer finds no one.
  void End(Outcome outcome) {
    if (!done_) return;
    Count(outcome);
    Done done = std::exchange(done_, nullptr);
    std::move(done)(std::move(outcome));
  }

  void Count(const Outcome& outcome) {
    const auto code = static_cast<size_t>(outcome.status().code());
    if (outcome.ok()) {
      Add(stats_->succeeded);
    } else if (absl::IsNotFound(outcome.status())) {
      Add(stats_->missed);
    } else {
      Add(stats_
              ->failed[code < stats_->failed.size()
                           ? code
                           : static_cast<size_t>(absl::StatusCode::kUnknown)]);
      return;
    }
    Add(stats_->latency_sum,
        static_cast<uint64_t>((clock_.Now() - began_).count()));
  }

  const Clock& clock_;
  const std::shared_ptr<SourceStats> stats_;
  const TimePoint began_;
  Done done_;
  std::unique_ptr<Attempt> attempt_;
};

class Measured final : public Wrapped {
 public:
  Measured(const Clock& clock, std::shared_ptr<SourceStats> stats,
           std::shared_ptr<Source> inner)
      : Wrapped(std::move(inner)), clock_(clock), stats_(std::move(stats)) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    auto attempt =
        std::make_unique<MeasuredAttempt>(clock_, stats_, std::move(done));
    attempt->Begin(inner(), query);
    return attempt;
  }

 private:
  const Clock& clock_;
  const std::shared_ptr<SourceStats> stats_;
};

}  // namespace

uint64_t SourceStats::failures() const {
  uint64_t sum = 0;
  for (const auto& counter : failed) sum += Get(counter);
  return sum;
}

uint64_t SourceStats::underway() const {
  // Read the ends before the starts, so that the difference is never negative.
  const uint64_t ended =
      Get(succeeded) + Get(missed) + failures() + Get(cancelled);
  const uint64_t begun = Get(started);
  return begun > ended ? begun - ended : 0;
}

Duration SourceStats::mean_latency() const {
  const uint64_t answers = Get(succeeded) + Get(missed);
  if (answers == 0) return Duration(0);
  return Duration(static_cast<int64_t>(Get(latency_sum) / answers));
}

std::shared_ptr<Source> WithMeasure(const Clock& clock,
                                    std::shared_ptr<SourceStats> stats,
                                    std::shared_ptr<Source> inner) {
  return std::make_shared<Measured>(clock, std::move(stats), std::move(inner));
}

}  // namespace frontrunner
