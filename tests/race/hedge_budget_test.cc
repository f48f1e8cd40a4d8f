// Hedges and what they may cost: when a timed start asks a budget, and what
// comes of a refusal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/race/race.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr StartRule kAtOnce;
constexpr StartRule kOthersFail{StartRule::kOthersFail, {}};
constexpr StartRule After(Duration after) { return {StartRule::kAfter, after}; }

/// Grants as long as the test says; writes down what it is told.
class FakeBudget final : public AttemptBudget {
 public:
  FakeBudget(std::string name, EventLog& log)
      : name_(std::move(name)), log_(log) {}

  void Offer(TimePoint) override { log_.push_back(name_ + " offer"); }
  bool TryTake(TimePoint) override {
    log_.push_back(name_ + (grants_ ? " granted" : " refused"));
    return grants_;
  }
  void RefuseFromNowOn() { grants_ = false; }

 private:
  const std::string name_;
  EventLog& log_;
  bool grants_ = true;
};

class HedgeBudgetTest : public ::testing::Test {
 protected:
  struct Member {
    std::shared_ptr<FakeSource> source;
    std::shared_ptr<FakeBudget> budget;
  };

  enum Kind { kCache, kBackend };
  Member Enter(const std::string& name, Kind kind, StartRule rule = kAtOnce) {
    Member member{std::make_shared<FakeSource>(name, &log_),
                  std::make_shared<FakeBudget>(name, log_)};
    entrants_.push_back(
        {member.source, rule, {}, kind == kCache, member.budget});
    return member;
  }

  /// The log afterwards is what has happened since.
  void Run(CachePolicy policy = CachePolicy::kDefault) {
    race_.emplace(loop_, Race::Settings{"race", entrants_});
    run_ = race_->Run(TextQuery("key"), policy, [this](RaceResult result) {
      result_ = std::move(result);
      run_ = nullptr;
    });
  }
  void RunAndForget() {
    Run();
    log_.clear();
  }

  FakeLoop loop_;
  EventLog log_;
  std::vector<Entrant> entrants_;
  std::optional<Race> race_;
  std::unique_ptr<RaceRun> run_;
  std::optional<RaceResult> result_;
};

TEST_F(HedgeBudgetTest, EveryEntrantIsOfferedOnceBeforeAnybodyStarts) {
  Enter("a", kCache);
  Enter("b", kBackend);
  Enter("c", kBackend, kOthersFail);
  Run();
  EXPECT_THAT(
      log_, ElementsAre("a offer", "b offer", "c offer", "a start", "b start"));
}

TEST_F(HedgeBudgetTest, WhomThePolicyKeepsOutIsNotOffered) {
  Enter("a", kCache);
  Enter("b", kBackend);
  Run(CachePolicy::kBypass);
  EXPECT_THAT(log_, ElementsAre("b offer", "b start"));
}

TEST_F(HedgeBudgetTest, ARaceThatMemoryEndedOffersNothing) {
  const Member memory = Enter("a", kCache);
  Enter("b", kBackend);
  memory.source->set_peek(TextValue("v"));
  Run();
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_ && result_->outcome.ok());
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(HedgeBudgetTest, AMissInMemoryIsOfferedLikeAnyOther) {
  const Member memory = Enter("a", kCache);
  Enter("b", kBackend);
  memory.source->set_peek(std::nullopt);
  Run();
  EXPECT_THAT(log_, ElementsAre("a offer", "b offer", "b start"));
}

TEST_F(HedgeBudgetTest, AHedgeTakesFromItsOwnBudget) {
  Enter("a", kBackend);
  Enter("b", kBackend, After(milliseconds(5)));
  RunAndForget();
  loop_.Advance(milliseconds(4));
  EXPECT_THAT(log_, IsEmpty());
  loop_.Advance(milliseconds(1));
  EXPECT_THAT(log_, ElementsAre("b granted", "b start"));
}

TEST_F(HedgeBudgetTest, ARefusedHedgeWaitsUntilThoseBeforeItAreOut) {
  const Member a = Enter("a", kBackend);
  const Member b = Enter("b", kBackend, After(milliseconds(5)));
  b.budget->RefuseFromNowOn();
  RunAndForget();
  loop_.Advance(std::chrono::hours(1));
  EXPECT_THAT(log_, ElementsAre("b refused")) << "and it is not asked again";
  EXPECT_EQ(loop_.armed_timers(), 0U);
  log_.clear();
  a.source->Answer(absl::UnavailableError(""));
  EXPECT_THAT(log_, ElementsAre("a done", "b start"));
  b.source->Answer(TextValue("v"));
  ASSERT_TRUE(result_ && result_->outcome.ok());
}

TEST_F(HedgeBudgetTest, ARefusedHedgeIsNotStartedWhenTheRaceIsWon) {
  const Member a = Enter("a", kBackend);
  const Member b = Enter("b", kBackend, After(milliseconds(5)));
  b.budget->RefuseFromNowOn();
  RunAndForget();
  loop_.Advance(milliseconds(5));
  a.source->Answer(TextValue("v"));
  ASSERT_TRUE(result_ && result_->outcome.ok());
  EXPECT_EQ(result_->entrants[1].verdict, Verdict::kNotStarted);
  EXPECT_THAT(log_, ElementsAre("b refused", "a done"));
}

TEST_F(HedgeBudgetTest, ARefusedHedgeDoesNotHoldUpTheNext) {
  Enter("a", kBackend);
  const Member b = Enter("b", kBackend, After(milliseconds(5)));
  Enter("c", kBackend, After(milliseconds(10)));
  b.budget->RefuseFromNowOn();
  RunAndForget();
  loop_.Advance(milliseconds(10));
  EXPECT_THAT(log_, ElementsAre("b refused", "c granted", "c start"));
}

TEST_F(HedgeBudgetTest, BehindASlowCacheATimedStartIsNoHedge) {
  Enter("a", kCache);
  const Member b = Enter("b", kBackend, After(milliseconds(5)));
  b.budget->RefuseFromNowOn();
  RunAndForget();
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("b start"));
}

TEST_F(HedgeBudgetTest, BehindASlowComputationATimedStartIsNoHedge) {
  Enter("a", kBackend);
  entrants_[0].budget = nullptr;  // it costs nobody else anything
  const Member b = Enter("b", kBackend, After(milliseconds(5)));
  b.budget->RefuseFromNowOn();
  RunAndForget();
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("b start"));
}

TEST_F(HedgeBudgetTest, BehindABackendThatIsOutATimedStartIsNoHedge) {
  const Member a = Enter("a", kBackend);
  Enter("b", kCache);
  Enter("c", kBackend, After(milliseconds(5)));
  RunAndForget();
  a.source->Answer(absl::UnavailableError(""));
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("a done", "c start"));
}

TEST_F(HedgeBudgetTest, BehindABackendNotYetStartedATimedStartIsNoHedge) {
  Enter("a", kCache);
  Enter("b", kBackend, kOthersFail);
  Enter("c", kBackend, After(milliseconds(5)));
  RunAndForget();
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("c start"));
}

TEST_F(HedgeBudgetTest, ABackendAfterItMakesNoHedge) {
  Enter("a", kCache);
  Enter("b", kBackend, After(milliseconds(5)));
  Enter("c", kBackend);
  RunAndForget();
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("b start"));
}

TEST_F(HedgeBudgetTest, AFallbackTakesNothing) {
  const Member a = Enter("a", kBackend);
  Enter("b", kBackend, kOthersFail);
  Enter("c", kBackend, After(milliseconds(5)));
  RunAndForget();
  a.source->Answer(absl::UnavailableError(""));
  EXPECT_THAT(log_, ElementsAre("a done", "b start"));
}

TEST_F(HedgeBudgetTest, AHedgeThatStartsEarlyAsTheNextInLineTakesNothing) {
  const Member a = Enter("a", kBackend);
  Enter("b", kBackend, After(milliseconds(5)));
  RunAndForget();
  a.source->Answer(absl::UnavailableError(""));
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("a done", "b start"));
}

TEST_F(HedgeBudgetTest, WithoutABudgetAHedgeIsFree) {
  Enter("a", kBackend);
  Enter("b", kBackend, After(milliseconds(5)));
  entrants_[1].budget = nullptr;
  RunAndForget();
  loop_.Advance(milliseconds(5));
  EXPECT_THAT(log_, ElementsAre("b start"));
}

}  // namespace
}  // namespace frontrunner
