#include "server/wrappers/ready.h"

#include <algorithm>
#include <list>
#include <utility>

#include "absl/status/status.h"
#include "server/base/status.h"
#include "server/loop/loop.h"
#include "server/wrappers/wrapped.h"

namespace frontrunner {
namespace {

class HeldAttempt;
using Held = std::list<HeldAttempt*>;

/// Waits in `held` until it is let through or refused.
class HeldAttempt final : public Attempt {
 public:
  HeldAttempt(std::shared_ptr<Held> held, const Query& query, Done done)
      : held_(std::move(held)), query_(query), done_(std::move(done)) {
    place_ = held_->insert(held_->end(), this);
  }
  ~HeldAttempt() override {
    if (!let_through_) held_->erase(place_);
  }
  HeldAttempt(const HeldAttempt&) = delete;
  HeldAttempt& operator=(const HeldAttempt&) = delete;

  TimePoint turn_came() const override {
    return attempt_ ? std::max(let_through_at_, attempt_->turn_came()) : kNever;
  }

  void Reprioritise(int priority) override {
    query_.priority = priority;
    if (attempt_) attempt_->Reprioritise(priority);
  }

  void LetThrough(Source& source, TimePoint now) {
    let_through_ = true;
    let_through_at_ = now;
    held_->erase(place_);
    attempt_ = source.Start(query_, std::move(done_));
  }

 private:
  const std::shared_ptr<Held> held_;
  Held::iterator place_;
  Query query_;
  Done done_;
  bool let_through_ = false;
  TimePoint let_through_at_;
  std::unique_ptr<Attempt> attempt_;
};

/// Fails in the next turn.
class RefusedAttempt final : public Attempt {
 public:
  RefusedAttempt(Loop& loop, absl::Status failure, Done done)
      : done_(std::make_shared<Done>(std::move(done))) {
    loop.Post(
        [failure = std::move(failure), weak = std::weak_ptr<Done>(done_)] {
          if (auto owed = weak.lock()) std::move (*owed)(failure);
        });
  }

 private:
  const std::shared_ptr<Done> done_;
};

class Ready final : public Wrapped {
 public:
  Ready(Loop& loop, size_t max_held, std::shared_ptr<Source> inner)
      : Wrapped(std::move(inner)), loop_(loop), max_held_(max_held) {}

  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    // Who comes while the held ones are being let through stays behind them.
    if (held_->empty() && connectivity() != Connectivity::kOpening) {
      return inner().Start(query, std::move(done));
    }
    if (held_->size() >= max_held_) {
      return std::make_unique<RefusedAttempt>(
          loop_,
          WithRefusal(absl::ResourceExhaustedError(
                          "too many wait for the first connection"),
                      Refusal::kOverloaded),
          std::move(done));
    }
    if (!subscribed_) {
      subscribed_ = true;
      inner().WhenOpened([this, alive = std::weak_ptr<Held>(held_)] {
        if (!alive.expired()) LetAllThrough();
      });
    }
    return std::make_unique<HeldAttempt>(held_, query, std::move(done));
  }

 private:
  void LetAllThrough() {
    const std::shared_ptr<Held> held = held_;
    while (!held->empty()) held->front()->LetThrough(inner(), loop_.Now());
  }

  Loop& loop_;
  const size_t max_held_;
  const std::shared_ptr<Held> held_ = std::make_shared<Held>();
  bool subscribed_ = false;
};

}  // namespace

std::shared_ptr<Source> WithReady(Loop& loop, size_t max_held,
                                  std::shared_ptr<Source> inner) {
  return std::make_shared<Ready>(loop, max_held, std::move(inner));
}

}  // namespace frontrunner
