// Every way a small race can go: entrants × behaviours × start rules × the
// order in which things happen × the moment at which the caller leaves. After
// every step the race is held against RaceModel. Complete for one to three
// entrants, sampled by seed for four; then large races on the fake clock.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "server/race/race.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"
#include "tests/race/race_model.h"
#include "tests/race/scripted_entrant.h"

namespace frontrunner {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(1);

/// Picks what happens next among `count` possibilities.
class Chooser {
 public:
  virtual ~Chooser() = default;
  virtual size_t Choose(size_t count) = 0;
};

/// Goes through all sequences of choices, one sequence a round.
class Exhaustive final : public Chooser {
 public:
  size_t Choose(size_t count) override {
    if (depth_ == path_.size()) path_.push_back({0, count});
    return path_[depth_++].choice;
  }
  /// False when every sequence has been seen.
  bool NextRound() {
    depth_ = 0;
    while (!path_.empty() && path_.back().choice + 1 == path_.back().count) {
      path_.pop_back();
    }
    if (path_.empty()) return false;
    ++path_.back().choice;
    return true;
  }

 private:
  struct Step {
    size_t choice;
    size_t count;
  };
  std::vector<Step> path_;
  size_t depth_ = 0;
};

class Seeded final : public Chooser {
 public:
  explicit Seeded(uint64_t seed) : random_(seed) {}
  size_t Choose(size_t count) override { return random_() % count; }

 private:
  std::mt19937_64 random_;
};

/// One race beside its model, played to the end.
class Playing {
 public:
  /// `keeps_run`: the caller holds on to the run after its outcome.
  Playing(const std::vector<ModelEntrant>& entrants, bool keeps_run)
      : model_(entrants) {
    Race::Settings settings{"explored", {}};
    for (const ModelEntrant& entrant : entrants) {
      sources_.push_back(std::make_shared<ScriptedEntrant>(entrant.behaviour));
      Entrant& entered =
          settings.entrants.emplace_back(Entrant{sources_.back(), {}, {}, {}});
      entered.final_codes.set(static_cast<size_t>(kFinalCode));
      if (entrant.start == ModelStart::kAfter) {
        entered.start = {StartRule::kAfter, kTick};
      } else if (entrant.start == ModelStart::kOthersFail) {
        entered.start = {StartRule::kOthersFail, {}};
      }
    }
    Race race(loop_, std::move(settings));
    run_ = race.Run(TextQuery("key"), CachePolicy::kDefault,
                    [this, keeps_run](RaceResult result) {
                      ++outcomes_;
                      result_ = std::move(result);
                      if (!keeps_run) run_ = nullptr;
                    });
  }

  /// Plays on until the race is over, left, or nothing can happen any more.
  void Play(Chooser& chooser) {
    Check();
    while (!model_.end()) {
      std::vector<size_t> may_answer;
      for (size_t i = 0; i < sources_.size(); ++i) {
        if (sources_[i]->may_answer()) may_answer.push_back(i);
      }
      const bool turn = loop_.pending_tasks() > 0;
      const bool tick = model_.timer_armed();
      // The last possibility is always that the caller leaves.
      size_t choice = chooser.Choose(may_answer.size() + (turn ? 1 : 0) +
                                     (tick ? 1 : 0) + 1);
      if (choice < may_answer.size()) {
        model_.Answer(may_answer[choice]);
        sources_[may_answer[choice]]->Answer();
      } else if (choice -= may_answer.size(); turn && choice == 0) {
        model_.Turn();
        loop_.RunOneTurn();
      } else if (tick && choice == (turn ? 1U : 0U)) {
        model_.Tick();
        loop_.Advance(kTick);
      } else {
        left_ = true;
        run_ = nullptr;
        break;
      }
      Check();
      if (::testing::Test::HasFailure()) return;
    }
    CheckTheEnd();
  }

 private:
  void Check() {
    for (size_t i = 0; i < sources_.size(); ++i) {
      ASSERT_EQ(sources_[i]->started(), model_.started(i) ? 1 : 0) << i;
      if (sources_[i]->alive() > 0) {
        ASSERT_TRUE(model_.running(i)) << i << " was not cancelled";
      }
    }
    ASSERT_EQ(outcomes_, model_.end() ? 1 : 0);
  }

  void CheckTheEnd() {
    // Whoever still has a tongue uses it; time passes; nothing may come of it.
    for (const auto& source : sources_) source->SpeakUpLate();
    loop_.RunUntilIdle();
    loop_.Advance(10 * kTick);
    ASSERT_EQ(outcomes_, left_ ? 0 : 1);
    ASSERT_EQ(loop_.armed_timers(), 0U);
    ASSERT_EQ(loop_.pending_tasks(), 0U);
    for (const auto& source : sources_) ASSERT_EQ(source->alive(), 0);
    if (!left_) CheckTheReport();
  }

  void CheckTheReport() {
    ASSERT_EQ(result_->outcome.ok(), model_.end() == RaceModel::End::kWinner);
    if (model_.end() != RaceModel::End::kAllOut) {
      ASSERT_EQ(result_->decisive, static_cast<int>(model_.decisive()));
    }
    for (size_t i = 0; i < sources_.size(); ++i) {
      const EntrantResult& entrant = result_->entrants[i];
      ASSERT_EQ(entrant.verdict == Verdict::kNotStarted, !model_.started(i));
      ASSERT_EQ(entrant.verdict == Verdict::kWon,
                result_->outcome.ok() && i == model_.decisive());
      ASSERT_EQ(entrant.started_after.has_value(), model_.started(i));
      ASSERT_EQ(entrant.finished_after.has_value(), model_.started(i));
      ASSERT_EQ(entrant.status.ok(),
                entrant.verdict == Verdict::kWon ||
                    entrant.verdict == Verdict::kNotStarted);
    }
  }

  FakeLoop loop_;
  RaceModel model_;
  std::vector<std::shared_ptr<ScriptedEntrant>> sources_;
  std::unique_ptr<RaceRun> run_;
  int outcomes_ = 0;
  bool left_ = false;
  std::optional<RaceResult> result_;
};

std::string Describe(const std::vector<ModelEntrant>& entrants) {
  std::string text = "behaviour/start:";
  for (const ModelEntrant& entrant : entrants) {
    text += " " + std::to_string(static_cast<int>(entrant.behaviour)) + "/" +
            std::to_string(static_cast<int>(entrant.start));
  }
  return text;
}

ModelEntrant Combination(size_t number) {
  return {static_cast<Behaviour>(number % kBehaviours),
          static_cast<ModelStart>(number / kBehaviours)};
}
constexpr size_t kCombinations = size_t{kBehaviours} * kModelStarts;

/// All fields of entrants of this size, each in all its interleavings.
size_t ExploreAll(size_t size) {
  size_t rounds = 0;
  size_t fields = 1;
  for (size_t i = 0; i < size; ++i) fields *= kCombinations;
  for (size_t field = 0; field < fields; ++field) {
    std::vector<ModelEntrant> entrants;
    for (size_t i = 0, rest = field; i < size; ++i, rest /= kCombinations) {
      entrants.push_back(Combination(rest % kCombinations));
    }
    // The first starts at once whatever its rule: one rule is enough there.
    if (entrants[0].start == ModelStart::kOthersFail) continue;
    Exhaustive chooser;
    do {
      Playing playing(entrants, chooser.Choose(2) == 1);
      playing.Play(chooser);
      ++rounds;
      if (::testing::Test::HasFailure()) {
        ADD_FAILURE() << Describe(entrants);
        return rounds;
      }
    } while (chooser.NextRound());
  }
  return rounds;
}

TEST(Interleavings, OneEntrantInEveryWay) { EXPECT_GT(ExploreAll(1), 60U); }

TEST(Interleavings, TwoEntrantsInEveryWay) { EXPECT_GT(ExploreAll(2), 3000U); }

TEST(Interleavings, ThreeEntrantsInEveryWay) {
  const size_t rounds = ExploreAll(3);
  RecordProperty("rounds", std::to_string(rounds));
  EXPECT_GT(rounds, 160000U);
}

TEST(Interleavings, FourEntrantsBySeed) {
  for (uint64_t seed = 0; seed < 200000; ++seed) {
    Seeded chooser(seed);
    std::vector<ModelEntrant> entrants;
    for (int i = 0; i < 4; ++i) {
      entrants.push_back(Combination(chooser.Choose(kCombinations)));
    }
    Playing playing(entrants, chooser.Choose(2) == 1);
    playing.Play(chooser);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ", " << Describe(entrants);
  }
}

TEST(Interleavings, LargeRacesBySeed) {
  for (uint64_t seed = 0; seed < 5000; ++seed) {
    Seeded chooser(seed);
    std::vector<ModelEntrant> entrants;
    const size_t size = 5 + chooser.Choose(28);
    for (size_t i = 0; i < size; ++i) {
      entrants.push_back(Combination(chooser.Choose(kCombinations)));
      // Early successes would end nearly every race in its first steps.
      if (chooser.Choose(4) != 0) entrants.back().behaviour = Behaviour::kFails;
    }
    Playing playing(entrants, chooser.Choose(2) == 1);
    playing.Play(chooser);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ", " << Describe(entrants);
  }
}

}  // namespace
}  // namespace frontrunner
