#pragma once

#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "server/race/source.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {

/// What an entrant does in an explored race.
enum class Behaviour {
  kSucceeds,
  kMisses,
  kFails,
  kFailsFinally,
  kThrows,
  kSucceedsInsideStart,
  kFailsInsideStart,
  kMissesThenSucceeds,
  kSilent,
};
inline constexpr int kBehaviours = 9;

inline constexpr absl::StatusCode kFinalCode = absl::StatusCode::kAborted;

/// Plays one behaviour, and keeps its Done when its attempt is long gone, as a
/// source that breaks the contract would.
class ScriptedEntrant final : public Source {
 public:
  explicit ScriptedEntrant(Behaviour behaviour) : behaviour_(behaviour) {}

  std::string_view name() const override { return "scripted"; }

  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    ++started_;
    if (behaviour_ == Behaviour::kThrows) throw std::runtime_error("thrown");
    ++attempts_;
    auto attempt = std::make_unique<Counted>(attempts_, destroyed_);
    done_ = std::make_shared<Done>(std::move(done));
    if (behaviour_ == Behaviour::kSucceedsInsideStart) Say(TextValue("v"));
    if (behaviour_ == Behaviour::kFailsInsideStart) {
      Say(absl::UnavailableError(""));
    }
    return attempt;
  }

  /// Whether Answer has something to do.
  bool may_answer() const {
    return attempts_ > 0 && !answered_ &&
           (behaviour_ <= Behaviour::kFailsFinally ||
            behaviour_ == Behaviour::kMissesThenSucceeds);
  }

  void Answer() {
    answered_ = true;
    switch (behaviour_) {
      case Behaviour::kSucceeds:
        return Say(TextValue("v"));
      case Behaviour::kMisses:
        return Say(absl::NotFoundError(""));
      case Behaviour::kFails:
        return Say(absl::UnavailableError(""));
      case Behaviour::kFailsFinally:
        return Say(absl::Status(kFinalCode, ""));
      case Behaviour::kMissesThenSucceeds:
        Say(absl::NotFoundError(""));
        return Say(TextValue("second thoughts"));
      default:
        return;
    }
  }

  /// Speaks up again, however long its attempt is gone.
  void SpeakUpLate() {
    if (done_) Say(TextValue("late"));
  }

  int started() const { return started_; }
  /// Attempts that live: neither ended nor cancelled.
  int alive() const { return attempts_; }
  bool destroyed() const { return destroyed_; }

 private:
  class Counted final : public Attempt {
   public:
    Counted(int& alive, bool& destroyed)
        : alive_(alive), destroyed_(destroyed) {}
    ~Counted() override {
      --alive_;
      destroyed_ = true;
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

   private:
    int& alive_;
    bool& destroyed_;
  };

  void Say(Outcome outcome) {
    const std::shared_ptr<Done> done = done_;
    std::move (*done)(std::move(outcome));
  }

  const Behaviour behaviour_;
  int started_ = 0;
  int attempts_ = 0;
  bool answered_ = false;
  bool destroyed_ = false;
  std::shared_ptr<Done> done_;
};

}  // namespace frontrunner
