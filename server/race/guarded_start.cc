#include "server/race/guarded_start.h"

#include <utility>

#include "absl/status/status.h"
#include "server/race/door.h"

namespace frontrunner {
namespace {

class Guarded final : public Attempt, private Arrivals {
 public:
  Guarded(Loop& loop, Done done)
      : loop_(loop), done_(std::move(done)), door_(new Door(this)) {}
  ~Guarded() override { door_->Shut(); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  void Begin(Source& source, const Query& query) {
    starting_ = true;
    absl::Status broken;
    try {
      attempt_ = source.Start(query, [door = door_](Outcome outcome) mutable {
        door->Arrive(0, std::move(outcome));
      });
      if (!attempt_) broken = absl::InternalError("made no attempt");
    } catch (...) {
      broken = absl::InternalError("threw");
    }
    if (!broken.ok()) Arrive(0, std::move(broken));
    starting_ = false;
  }

  TimePoint turn_came() const override {
    return attempt_ ? attempt_->turn_came() : TimePoint::min();
  }

  void Reprioritise(int priority) override {
    if (attempt_) attempt_->Reprioritise(priority);
  }

 private:
  void Arrive(size_t /*entrant*/, Outcome outcome) override {
    if (answered_) return;
    answered_ = true;
    if (!starting_) {
      Finish(std::move(outcome));
      return;
    }
    loop_.Post([this, door = door_, outcome = std::move(outcome)]() mutable {
      if (!door->shut()) Finish(std::move(outcome));
    });
  }

  /// `this` may be gone afterwards.
  void Finish(Outcome outcome) {
    door_->Shut();
    Done done = std::move(done_);
    std::move(done)(std::move(outcome));
  }

  Loop& loop_;
  Done done_;
  const DoorRef door_;
  std::unique_ptr<Attempt> attempt_;
  bool starting_ = false;
  bool answered_ = false;
};

}  // namespace

std::unique_ptr<Attempt> StartGuarded(Loop& loop, Source& source,
                                      const Query& query, Done done) {
  auto guarded = std::make_unique<Guarded>(loop, std::move(done));
  guarded->Begin(source, query);
  return guarded;
}

}  // namespace frontrunner
