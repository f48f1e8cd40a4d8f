#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "tests/race/scripted_entrant.h"

namespace frontrunner {

/// How an explored entrant starts. kAfter is one tick.
enum class ModelStart { kAtOnce, kAfter, kOthersFail };
inline constexpr int kModelStarts = 3;

struct ModelEntrant {
  Behaviour behaviour;
  ModelStart start;
};

/// The rules of a race, written a second time and as plainly as possible: no
/// callbacks, no timers, no ownership. The real race must agree with it after
/// every step.
class RaceModel {
 public:
  enum class End { kWinner, kAllOut, kFinal };

  explicit RaceModel(std::vector<ModelEntrant> entrants)
      : entrants_(std::move(entrants)), state_(entrants_.size()) {
    for (size_t i = 0; i < entrants_.size(); ++i) {
      if (i == 0 || entrants_[i].start == ModelStart::kAtOnce) Start(i);
    }
  }

  bool started(size_t i) const { return state_[i].started; }
  bool running(size_t i) const {
    return !end_ && state_[i].started && !state_[i].out;
  }
  std::optional<End> end() const { return end_; }
  size_t decisive() const { return decisive_; }
  bool timer_armed() const {
    if (end_ || ticked_) return false;
    for (size_t i = 1; i < entrants_.size(); ++i) {
      if (entrants_[i].start == ModelStart::kAfter && !state_[i].started) {
        return true;
      }
    }
    return false;
  }

  /// Entrant `i` gives the first answer of its behaviour.
  void Answer(size_t i) { Settle(i); }

  /// What was said inside Start is heard, in the order in which it was said.
  void Turn() {
    for (size_t left = said_.size(); left > 0; --left) {
      const size_t i = said_.front();
      said_.pop_front();
      Settle(i);
    }
  }

  /// One tick passes; everything said is heard first and last.
  void Tick() {
    while (!said_.empty()) Turn();
    for (size_t i = 0; i < entrants_.size(); ++i) {
      if (end_) return;
      if (entrants_[i].start == ModelStart::kAfter && !state_[i].started) {
        Start(i);
        while (!said_.empty()) Turn();
      }
    }
    ticked_ = true;
  }

 private:
  struct State {
    bool started = false;
    bool out = false;
  };

  void Start(size_t i) {
    state_[i].started = true;
    const Behaviour behaviour = entrants_[i].behaviour;
    if (behaviour == Behaviour::kThrows ||
        behaviour == Behaviour::kSucceedsInsideStart ||
        behaviour == Behaviour::kFailsInsideStart) {
      said_.push_back(i);
    }
  }

  void Settle(size_t i) {
    if (end_) return;
    const Behaviour behaviour = entrants_[i].behaviour;
    if (behaviour == Behaviour::kSucceeds ||
        behaviour == Behaviour::kSucceedsInsideStart) {
      return EndWith(End::kWinner, i);
    }
    if (behaviour == Behaviour::kFailsFinally) return EndWith(End::kFinal, i);
    state_[i].out = true;
    for (size_t next = 0; next < entrants_.size(); ++next) {
      if (state_[next].out) continue;
      if (!state_[next].started) Start(next);
      return;
    }
    EndWith(End::kAllOut, i);
  }

  void EndWith(End end, size_t i) {
    end_ = end;
    decisive_ = i;
  }

  const std::vector<ModelEntrant> entrants_;
  std::vector<State> state_;
  std::deque<size_t> said_;
  bool ticked_ = false;
  std::optional<End> end_;
  size_t decisive_ = 0;
};

}  // namespace frontrunner
