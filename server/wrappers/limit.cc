#include "server/wrappers/limit.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/race/guarded_start.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

class LimitAttempt final : public Attempt, private DispatchQueue::Waiter {
 public:
  LimitAttempt(Loop& loop, std::shared_ptr<DispatchQueue> queue,
               std::shared_ptr<Source> source, Done done)
      : loop_(loop),
        queue_(std::move(queue)),
        source_(std::move(source)),
        done_(std::move(done)) {}
  ~LimitAttempt() override {
    if (!ticket_) return;
    // First, so that only who keeps the slot beyond this is late.
    attempt_ = nullptr;
    queue_->Leave(*ticket_);
  }
  LimitAttempt(const LimitAttempt&) = delete;
  LimitAttempt& operator=(const LimitAttempt&) = delete;

  void Join(const Query& query) {
    DispatchQueue::Joined joined = queue_->Join(loop_, query, *this);
    ticket_ = std::move(joined.ticket);
    if (joined.turn == DispatchQueue::Turn::kNow) {
      Query own = query;
      own.slot = ticket_;
      attempt_ = source_->Start(
          own, [this](Outcome outcome) { End(std::move(outcome)); });
    } else if (joined.turn == DispatchQueue::Turn::kLater) {
      turn_came_ = kNever;
      query_ = query;
      if (query_.deadline != kNever) {
        timer_ = loop_.At(query_.deadline, [this] { TimeIsUp(); });
      }
    }
  }

  TimePoint turn_came() const override { return turn_came_; }

  void Reprioritise(int priority) override {
    if (ticket_) queue_->Move(*ticket_, priority);
    if (attempt_) attempt_->Reprioritise(priority);
  }

 private:
  void Begin() override {
    const std::optional<int> priority = queue_->Starting(*ticket_);
    if (!priority) return;
    turn_came_ = loop_.Now();
    timer_ = nullptr;
    Query own = std::exchange(query_, {});
    own.priority = *priority;
    own.slot = ticket_;
    // Guarded, since there is no race around this Start to see what it does.
    attempt_ = StartGuarded(loop_, *source_, own, [this](Outcome outcome) {
      End(std::move(outcome));
    });
  }

  void Fail(absl::Status failure) override { Deliver(std::move(failure)); }

  void TimeIsUp() {
    if (!queue_->Close(*ticket_, DispatchQueue::End::kCancelled,
                       absl::StatusCode::kDeadlineExceeded)) {
      return;
    }
    Deliver(absl::DeadlineExceededError(
        absl::StrCat("job ", DispatchQueue::IdOf(*ticket_), " of queue ",
                     queue_->name(), " was still pending at the deadline")));
  }

  /// A second answer finds no one; one that an operator was faster than waits
  /// for Fail.
  void End(Outcome outcome) {
    if (ticket_ && queue_->Close(*ticket_, DispatchQueue::End::kFinished,
                                 outcome.status().code())) {
      Deliver(std::move(outcome));
    }
  }

  /// Gives the place back and tells the outcome; `this` may be gone afterwards.
  void Deliver(Outcome outcome) {
    Done done = std::move(done_);
    timer_ = nullptr;
    attempt_ = nullptr;
    ticket_ = nullptr;
    std::move(done)(std::move(outcome));
  }

  Loop& loop_;
  const std::shared_ptr<DispatchQueue> queue_;
  const std::shared_ptr<Source> source_;
  Done done_;
  /// Null: it is over.
  std::shared_ptr<DispatchQueue::Ticket> ticket_;
  TimePoint turn_came_ = TimePoint::min();
  /// While it is pending.
  Query query_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Attempt> attempt_;
};

class Limit final : public Wrapped {
 public:
  Limit(Loop& loop, std::shared_ptr<DispatchQueue> queue,
        std::shared_ptr<Source> inner)
      : Wrapped(inner),
        loop_(loop),
        queue_(std::move(queue)),
        inner_(std::move(inner)) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    auto attempt =
        std::make_unique<LimitAttempt>(loop_, queue_, inner_, std::move(done));
    attempt->Join(query);
    return attempt;
  }

 private:
  Loop& loop_;
  const std::shared_ptr<DispatchQueue> queue_;
  /// Once more, to be kept by those who wait.
  const std::shared_ptr<Source> inner_;
};

}  // namespace

std::shared_ptr<Source> WithLimit(Loop& loop,
                                  std::shared_ptr<DispatchQueue> queue,
                                  std::shared_ptr<Source> inner) {
  return std::make_shared<Limit>(loop, std::move(queue), std::move(inner));
}

}  // namespace frontrunner
