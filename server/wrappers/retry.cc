#include "server/wrappers/retry.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "server/base/status.h"
#include "server/race/guarded_start.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

/// By status code.
using Counts = std::array<uint8_t, CodeSet().size()>;

/// What the attempts of one source share. One loop.
struct Retries {
  Loop& loop;
  const std::shared_ptr<Source> inner;
  RetryDelays delays;
  const CodeSet codes;
  /// Zero: no such limit.
  Counts at_most;
  const std::shared_ptr<AttemptBudget> budget;
  /// Of all successes so far; zero where there was none.
  Duration fastest{0};
};

class RetryingAttempt final : public Attempt {
 public:
  RetryingAttempt(std::shared_ptr<Retries> retries, const Query& query,
                  Done done)
      : retries_(std::move(retries)), query_(query), done_(std::move(done)) {}

  void Begin() {
    const Duration delay = retries_->delays.Before(0);
    if (delay <= Duration(0)) {
      Ask(loop().Now());
    } else if (InTime(loop().Now(), delay)) {
      AskAfter(delay);
    } else {
      timer_ = loop().At(loop().Now(), [this] { GiveUp(); });
    }
  }

  int attempts() const override { return made_; }

  TimePoint turn_came() const override {
    return attempt_ ? std::max(turn_came_, attempt_->turn_came()) : turn_came_;
  }

  void Reprioritise(int priority) override {
    query_.priority = priority;
    if (attempt_) attempt_->Reprioritise(priority);
  }

 private:
  Loop& loop() { return retries_->loop; }

  void AskAfter(Duration delay) {
    const TimePoint now = loop().Now();
    timer_ = loop().At(delay < kNever - now ? now + delay : kNever,
                       [this] { TimeHasCome(); });
  }

  void TimeHasCome() {
    timer_ = nullptr;
    const TimePoint now = loop().Now();
    // The loop may have been busy with something else for long.
    if (InTime(now, Duration(0))) {
      Ask(now);
    } else {
      GiveUp();
    }
  }

  void Ask(TimePoint now) {
    ++made_;
    asked_ = now;
    // Nobody but us stands between the loop and a source that throws.
    attempt_ =
        StartGuarded(loop(), *retries_->inner, query_,
                     [this](Outcome outcome) { Ended(std::move(outcome)); });
  }

  void Ended(Outcome outcome) {
    const TimePoint now = loop().Now();
    if (attempt_ && attempt_->turn_came() != kNever) turn_came_ = turn_came();
    attempt_ = nullptr;  // the wait must not keep what it held
    if (outcome.ok()) {
      Duration& fastest = retries_->fastest;
      const Duration took = now - asked_;
      if (fastest == Duration(0) || took < fastest) fastest = took;
      outcome->attempts = made_;
      End(std::move(outcome));
      return;
    }
    const absl::Status failure = std::move(outcome).status();
    if (first_.ok()) first_ = failure;
    if (!MayBeRetried(failure)) {
      if (absl::IsNotFound(failure)) first_ = failure;
      GiveUp();
    } else if (const auto wait = WaitAfter(failure, now)) {
      AskAfter(*wait);
    } else {
      GiveUp();
    }
  }

  /// Counts what is tolerated only so often.
  bool MayBeRetried(const absl::Status& failure) {
    if (RefusalOf(failure) == Refusal::kDraining) return false;
    const auto code = static_cast<size_t>(failure.code());
    if (code >= retries_->codes.size()) return false;
    const uint8_t at_most = retries_->at_most[code];
    if (at_most == 0) return retries_->codes.test(code);
    if (tolerated_[code] == at_most) return false;
    ++tolerated_[code];
    return true;
  }

  /// Nullopt: there is to be no other attempt.
  std::optional<Duration> WaitAfter(const absl::Status& failure,
                                    TimePoint now) {
    if (made_ >= retries_->delays.attempts()) return std::nullopt;
    Duration wait = retries_->delays.Before(made_);
    if (const auto pushback = PushbackOf(failure)) {
      if (*pushback < Duration(0)) return std::nullopt;
      wait = std::max(wait, *pushback);
    }
    if (!InTime(now, wait)) return std::nullopt;
    // Asked last: what it grants is spent.
    if (retries_->budget && !retries_->budget->TryTake(now)) {
      return std::nullopt;
    }
    return wait;
  }

  /// Whether an attempt that begins after `wait` can be of use. The first one
  /// may be faster than all before it: without it nobody would ever learn that
  /// the source is.
  bool InTime(TimePoint now, Duration wait) const {
    const TimePoint until =
        query_.wanted_until ? std::min(query_.deadline, *query_.wanted_until)
                            : query_.deadline;
    if (until == kNever) return true;
    const Duration needed = made_ == 0 ? Duration(0) : retries_->fastest;
    return wait < until - now - needed;
  }

  void GiveUp() {
    if (first_.ok()) {
      first_ = absl::DeadlineExceededError(
          "the wait before the first attempt goes beyond the deadline");
    }
    End(made_ == 1 ? std::move(first_)
                   : WithAttempts(std::move(first_), made_));
  }

  /// `this` may be gone afterwards.
  void End(Outcome outcome) {
    Done done = std::move(done_);
    std::move(done)(std::move(outcome));
  }

  const std::shared_ptr<Retries> retries_;
  Query query_;
  Done done_;
  int made_ = 0;
  /// The latest turn of those that have ended.
  TimePoint turn_came_ = TimePoint::min();
  TimePoint asked_{};
  /// OK until something failed.
  absl::Status first_;
  Counts tolerated_{};
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Attempt> attempt_;
};

class Retry final : public Wrapped {
 public:
  explicit Retry(std::shared_ptr<Retries> retries)
      : Wrapped(retries->inner), retries_(std::move(retries)) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    auto attempt =
        std::make_unique<RetryingAttempt>(retries_, query, std::move(done));
    attempt->Begin();
    return attempt;
  }

 private:
  const std::shared_ptr<Retries> retries_;
};

Counts CountsOf(const std::map<absl::StatusCode, int>& at_most) {
  Counts counts{};
  for (const auto& [code, most] : at_most) {
    counts.at(static_cast<size_t>(code)) =
        static_cast<uint8_t>(std::clamp(most, 1, 255));
  }
  return counts;
}

}  // namespace

std::shared_ptr<Source> WithRetry(Loop& loop, RetrySettings settings,
                                  std::shared_ptr<AttemptBudget> budget,
                                  uint64_t seed,
                                  std::shared_ptr<Source> inner) {
  RetryDelays delays = settings.backoff.empty()
                           ? RetryDelays(settings.schedule, seed)
                           : RetryDelays(std::move(settings.backoff));
  return std::make_shared<Retry>(std::make_shared<Retries>(
      Retries{loop, std::move(inner), std::move(delays), settings.codes,
              CountsOf(settings.at_most), std::move(budget)}));
}

}  // namespace frontrunner
