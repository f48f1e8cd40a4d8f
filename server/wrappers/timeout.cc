#include "server/wrappers/timeout.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

class TimedAttempt final : public Attempt {
 public:
  TimedAttempt(Duration timeout, Done done)
      : timeout_(timeout), done_(std::move(done)) {}

  void Begin(Loop& loop, Source& source, const Query& query) {
    timer_ = loop.At(loop.Now() + timeout_, [this] { TimeIsUp(); });
    attempt_ = source.Start(query, [this](Outcome outcome) {
      timer_ = nullptr;
      End(std::move(outcome));
    });
  }

  void Reprioritise(int priority) override {
    if (attempt_) attempt_->Reprioritise(priority);
  }

 private:
  void TimeIsUp() {
    attempt_ = nullptr;
    End(absl::DeadlineExceededError(
        absl::StrCat("no answer within ",
                     absl::FormatDuration(absl::FromChrono(timeout_)))));
  }

  /// `this` may be gone afterwards. A second answer finds no one.
  void End(Outcome outcome) {
    if (!done_) return;
    Done done = std::exchange(done_, nullptr);
    std::move(done)(std::move(outcome));
  }

  const Duration timeout_;
  Done done_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Attempt> attempt_;
};

class Timeout final : public Wrapped {
 public:
  Timeout(Loop& loop, Duration timeout, std::shared_ptr<Source> inner)
      : Wrapped(std::move(inner)), loop_(loop), timeout_(timeout) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    auto attempt = std::make_unique<TimedAttempt>(timeout_, std::move(done));
    attempt->Begin(loop_, inner(), query);
    return attempt;
  }

 private:
  Loop& loop_;
  const Duration timeout_;
};

}  // namespace

std::shared_ptr<Source> WithTimeout(Loop& loop, Duration timeout,
                                    std::shared_ptr<Source> inner) {
  return std::make_shared<Timeout>(loop, timeout, std::move(inner));
}

}  // namespace frontrunner
