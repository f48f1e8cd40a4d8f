#include "server/race/race.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "server/base/status.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

constexpr StartRule kOthersFail{StartRule::kOthersFail, {}};
constexpr StartRule After(Duration after) { return {StartRule::kAfter, after}; }

/// Three fake sources, a race made of them, and what came of it.
class RaceTest : public ::testing::Test {
 protected:
  Entrant& Enter(const std::shared_ptr<FakeSource>& source,
                 StartRule rule = {}) {
    entrants_.push_back({source, rule, {}, false});
    return entrants_.back();
  }

  void Run(CachePolicy policy = CachePolicy::kDefault) {
    race_.emplace(loop_, Race::Settings{"race", entrants_});
    run_ = race_->Run(TextQuery("key"), policy, [this](RaceResult result) {
      log_.emplace_back("outcome");
      result_ = std::move(result);
      run_ = nullptr;
    });
  }

  std::vector<Verdict> Verdicts() const {
    std::vector<Verdict> verdicts;
    for (const auto& entrant : result_->entrants) {
      verdicts.push_back(entrant.verdict);
    }
    return verdicts;
  }

  FakeLoop loop_;
  EventLog log_;
  std::shared_ptr<FakeSource> a_ = std::make_shared<FakeSource>("a", &log_);
  std::shared_ptr<FakeSource> b_ = std::make_shared<FakeSource>("b", &log_);
  std::shared_ptr<FakeSource> c_ = std::make_shared<FakeSource>("c", &log_);
  std::vector<Entrant> entrants_;
  std::optional<Race> race_;
  std::unique_ptr<RaceRun> run_;
  std::optional<RaceResult> result_;
};

TEST_F(RaceTest, EntrantsStartInOrder) {
  Enter(a_);
  Enter(b_);
  Enter(c_);
  Run();
  EXPECT_THAT(log_, ElementsAre("a start", "b start", "c start"));
}

TEST_F(RaceTest, TheFirstSuccessWinsAndTheLosersAreCancelledBeforeTheOutcome) {
  Enter(a_);
  Enter(b_);
  Enter(c_);
  Run();
  log_.clear();
  EXPECT_FALSE(result_);
  b_->Answer(TextValue("B"));
  EXPECT_THAT(log_, ElementsAre("b done", "a cancel", "c cancel", "outcome"));
  ASSERT_TRUE(result_->outcome.ok());
  EXPECT_EQ(*result_->outcome->bytes, "B");
  EXPECT_EQ(result_->decisive, 1);
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kCancelled, Verdict::kWon,
                                      Verdict::kCancelled));
}

TEST_F(RaceTest, AMissNeverWins) {
  Enter(a_);
  Enter(b_);
  Run();
  a_->Answer(absl::NotFoundError(""));
  EXPECT_FALSE(result_);
  b_->Answer(TextValue("B"));
  ASSERT_TRUE(result_);
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kMissed, Verdict::kWon));
}

TEST_F(RaceTest, WhenAllAreOutEveryFailureIsThereInEntrantOrder) {
  Enter(a_);
  Enter(b_);
  Enter(c_);
  Run();
  c_->Answer(absl::InternalError("third"));
  a_->Answer(absl::UnavailableError("first"));
  EXPECT_FALSE(result_);
  b_->Answer(absl::NotFoundError(""));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->end, RaceEnd::kAllOut);
  EXPECT_EQ(result_->entrants[0].status.message(), "first");
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kFailed, Verdict::kMissed,
                                      Verdict::kFailed));
  EXPECT_EQ(result_->outcome.status(),
            absl::UnavailableError("no source answered: a UNAVAILABLE (first), "
                                   "b NOT_FOUND, c INTERNAL (third)"));
}

TEST_F(RaceTest, Fault69_AllEntrantsFailInTheSameTick) {
  Enter(a_);
  Enter(b_);
  Enter(c_);
  Run();
  for (const auto& source : {a_, b_, c_}) {
    loop_.Post([&source = *source] { source.Answer(absl::InternalError("")); });
  }
  EXPECT_FALSE(result_);
  loop_.RunOneTurn();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->outcome.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kFailed, Verdict::kFailed,
                                      Verdict::kFailed));
}

TEST_F(RaceTest, AFinalCodeEndsTheRaceWithThatFailure) {
  Enter(a_).final_codes.set(
      static_cast<size_t>(absl::StatusCode::kPermissionDenied));
  Enter(b_);
  Run();
  a_->Answer(absl::PermissionDeniedError("no"));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->end, RaceEnd::kFinalFailure);
  EXPECT_EQ(result_->decisive, 0);
  EXPECT_EQ(result_->outcome.status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kFailed, Verdict::kCancelled));
}

TEST_F(RaceTest, AFinalMissEndsTheRaceToo) {
  Enter(a_).final_codes.set(static_cast<size_t>(absl::StatusCode::kNotFound));
  Enter(b_);
  Run();
  a_->Answer(absl::NotFoundError(""));
  ASSERT_TRUE(result_);
  EXPECT_TRUE(absl::IsNotFound(result_->outcome.status()));
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kMissed, Verdict::kCancelled));
}

TEST_F(RaceTest, AHedgeStartsWhenItsTimeHasPassed) {
  Enter(a_);
  Enter(b_, After(milliseconds(5)));
  Run();
  loop_.Advance(milliseconds(4));
  EXPECT_EQ(b_->started(), 0);
  loop_.Advance(milliseconds(1));
  EXPECT_EQ(b_->started(), 1);
  b_->Answer(TextValue("B"));
  EXPECT_EQ(result_->entrants[1].started_after, milliseconds(5));
}

TEST_F(RaceTest, AHedgeStartsEarlyWhenEverybodyBeforeItIsOut) {
  Enter(a_);
  Enter(b_);
  Enter(c_, After(milliseconds(5)));
  Run();
  a_->Answer(absl::NotFoundError(""));
  EXPECT_EQ(c_->started(), 0);
  b_->Answer(absl::UnavailableError(""));
  EXPECT_EQ(c_->started(), 1);
  EXPECT_EQ(loop_.armed_timers(), 0U);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(c_->started(), 1);
}

TEST_F(RaceTest, AHedgeNotYetStartedNeverStartsAfterAWin) {
  Enter(a_);
  Enter(b_, After(milliseconds(5)));
  Run();
  a_->Answer(TextValue("A"));
  EXPECT_EQ(loop_.armed_timers(), 0U);
  loop_.Advance(milliseconds(10));
  EXPECT_EQ(b_->started(), 0);
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kWon, Verdict::kNotStarted));
}

TEST_F(RaceTest, AFallbackStartsOnlyWhenThoseBeforeItAreOut) {
  Enter(a_);
  Enter(b_, kOthersFail);
  Enter(c_, kOthersFail);
  Run();
  loop_.Advance(std::chrono::hours(1));
  EXPECT_EQ(b_->started(), 0);
  a_->Answer(absl::UnavailableError(""));
  EXPECT_EQ(b_->started(), 1);
  EXPECT_EQ(c_->started(), 0);
  b_->Answer(absl::UnavailableError(""));
  EXPECT_EQ(c_->started(), 1);
}

TEST_F(RaceTest, TheFirstInTheListStartsAtOnceWhateverItsRule) {
  Enter(a_, After(milliseconds(5)));
  Enter(b_, kOthersFail);
  Run();
  EXPECT_THAT(log_, ElementsAre("a start"));
}

TEST_F(RaceTest, MemoryIsLookedAtBeforeAnybodyStarts) {
  Enter(a_);
  Enter(b_);
  b_->set_peek(TextValue("B"));
  Run();
  EXPECT_FALSE(result_) << "never inside Run";
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_THAT(log_, ElementsAre("outcome"));
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kNotStarted, Verdict::kWon));
}

TEST_F(RaceTest, AMemoryMissPutsItOutAndTheOthersStart) {
  Enter(a_);
  a_->set_peek(std::nullopt);
  Enter(b_, kOthersFail);
  Run();
  EXPECT_THAT(log_, ElementsAre("b start"));
  b_->Answer(TextValue("B"));
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kMissed, Verdict::kWon));
}

TEST_F(RaceTest, MemoryWithAStartRuleIsAskedLikeAnybody) {
  Enter(a_);
  b_->set_peek(TextValue("B"));
  Enter(b_, kOthersFail);
  Run();
  EXPECT_THAT(log_, ElementsAre("a start"));
}

TEST_F(RaceTest, OnlyMemoryAndItMisses) {
  Enter(a_);
  a_->set_peek(std::nullopt);
  Run();
  EXPECT_FALSE(result_);
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->end, RaceEnd::kAllOut);
  EXPECT_TRUE(absl::IsNotFound(result_->outcome.status()));
}

TEST_F(RaceTest, BypassKeepsCachesOutAndCountsThemAsOut) {
  Enter(a_).is_cache = true;
  Enter(b_, kOthersFail);
  Run(CachePolicy::kBypass);
  EXPECT_THAT(log_, ElementsAre("b start"));
  b_->Answer(TextValue("B"));
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kNotStarted, Verdict::kWon));
}

TEST_F(RaceTest, OnlyAsksCachesAlone) {
  Enter(a_).is_cache = true;
  Enter(b_);
  Run(CachePolicy::kOnly);
  EXPECT_THAT(log_, ElementsAre("a start"));
  a_->Answer(absl::UnavailableError("down"));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->outcome.status(),
            absl::UnavailableError("no source answered: a UNAVAILABLE (down)"));
}

TEST_F(RaceTest, APolicyThatLeavesNobodySaysSo) {
  Enter(a_);
  Run(CachePolicy::kOnly);
  EXPECT_FALSE(result_);
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->end, RaceEnd::kNobody);
  EXPECT_EQ(result_->outcome.status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(RaceTest, DestroyingTheRunCancelsEverybodyAndNoOutcomeComes) {
  Enter(a_);
  Enter(b_, After(milliseconds(5)));
  Run();
  log_.clear();
  run_ = nullptr;
  EXPECT_THAT(log_, ElementsAre("a cancel"));
  loop_.Advance(milliseconds(10));
  EXPECT_FALSE(result_);
  EXPECT_EQ(b_->started(), 0);
  EXPECT_EQ(loop_.armed_timers(), 0U);
}

TEST_F(RaceTest, Fault68_WinnerAndCancellationInTheSameTick) {
  Enter(a_);
  Run();
  loop_.Post([this] { run_ = nullptr; });
  loop_.Post([this] {
    if (a_->underway() > 0) a_->Answer(TextValue("A"));
  });
  loop_.RunOneTurn();
  EXPECT_FALSE(result_);
  EXPECT_THAT(log_, ElementsAre("a start", "a cancel"));
}

TEST_F(RaceTest, GivenUpNowItReportsWhoIsRunningAsCancelledByTheDeadline) {
  Enter(a_);
  Enter(b_);
  Enter(c_, kOthersFail);
  Run();
  a_->Answer(absl::NotFoundError(""));
  loop_.Advance(milliseconds(3));
  const RaceResult report =
      run_->AsIfAbandoned(absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(report.entrants[0].verdict, Verdict::kMissed);
  EXPECT_EQ(report.entrants[1].verdict, Verdict::kCancelled);
  EXPECT_EQ(report.entrants[1].status.code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(report.entrants[1].finished_after, milliseconds(3));
  EXPECT_EQ(report.entrants[2].verdict, Verdict::kNotStarted);
  EXPECT_EQ(b_->underway(), 1U) << "the race goes on";
}

TEST_F(RaceTest, WhoseTurnHadNotComeIsMarkedInTheReport) {
  a_->set_turn_came(kNever);
  b_->set_turn_came(loop_.Now());
  Enter(a_);
  Enter(b_);
  Run();
  const RaceResult report =
      run_->AsIfAbandoned(absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(RefusalOf(report.entrants[0].status), Refusal::kOverloaded);
  EXPECT_EQ(RefusalOf(report.entrants[1].status), std::nullopt);
}

TEST_F(RaceTest, ATurnThatCameIsRememberedWhenTheEntrantIsOut) {
  Enter(a_);
  Enter(b_, kOthersFail);
  a_->set_turn_came(loop_.Now());
  Run();
  a_->Answer(absl::UnavailableError(""));
  EXPECT_EQ(run_->turn_came(), loop_.Now());
}

TEST_F(RaceTest, ItsTurnIsTheLatestOfThoseThatAreRunning) {
  Enter(a_);
  Enter(b_);
  Run();
  EXPECT_EQ(run_->turn_came(), TimePoint::min());
  b_->set_turn_came(loop_.Now());
  EXPECT_EQ(run_->turn_came(), loop_.Now());
  a_->set_turn_came(kNever);
  EXPECT_EQ(run_->turn_came(), kNever);
  a_->Answer(absl::UnavailableError(""));
  EXPECT_EQ(run_->turn_came(), loop_.Now());
}

TEST_F(RaceTest, APriorityReachesThoseUnderWayAndThoseToCome) {
  Enter(a_);
  Enter(b_, kOthersFail);
  Run();
  run_->Reprioritise(-3);
  EXPECT_THAT(a_->priorities(), ElementsAre(-3));
  a_->Answer(absl::NotFoundError(""));
  EXPECT_THAT(b_->priorities(), ElementsAre(-3));
}

TEST_F(RaceTest, AttemptsOfARetriedEntrantAreReported) {
  Enter(a_);
  Run();
  a_->Answer(WithAttempts(absl::UnavailableError("first failure"), 4));
  EXPECT_EQ(result_->entrants[0].attempts, 4);
}

TEST_F(RaceTest, ARaceIsASourceSoRacesNest) {
  const auto inner = std::make_shared<Race>(
      loop_, Race::Settings{"inner", {{b_, {}, {}, false}}});
  entrants_ = {{a_, {}, {}, false}, {inner, {}, {}, false}};
  Run();
  a_->Answer(absl::NotFoundError(""));
  b_->Answer(TextValue("B"));
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_->outcome->bytes, "B");
}

TEST_F(RaceTest, TheRaceMayBeDestroyedBeforeItsRun) {
  Enter(a_);
  Run();
  race_.reset();
  a_->Answer(TextValue("A"));
  ASSERT_TRUE(result_);
  EXPECT_TRUE(result_->outcome.ok());
}

/// Misbehaves in Start as told.
class RudeSource final : public Source {
 public:
  using Manners = std::function<std::unique_ptr<Attempt>(Done)>;
  explicit RudeSource(Manners manners) : manners_(std::move(manners)) {}
  std::string_view name() const override { return "rude"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    return manners_(std::move(done));
  }

 private:
  Manners manners_;
};

TEST_F(RaceTest, AnAnswerInsideStartComesThroughTheSameDoorATurnLater) {
  entrants_.push_back({std::make_shared<RudeSource>([](Done done) {
                         std::move(done)(TextValue("at once"));
                         return std::make_unique<Attempt>();
                       }),
                       {},
                       {},
                       false});
  Enter(b_);
  Run();
  EXPECT_FALSE(result_);
  EXPECT_EQ(b_->started(), 1) << "counted like an asynchronous answer";
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_->outcome->bytes, "at once");
}

TEST_F(RaceTest, AThrowFromStartIsAFailureOfThatEntrant) {
  entrants_.push_back(
      {std::make_shared<RudeSource>([](Done) -> std::unique_ptr<Attempt> {
         throw std::runtime_error("broken");
       }),
       {},
       {},
       false});
  Run();
  EXPECT_FALSE(result_);
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_THAT(result_->entrants[0].status,
              absl::InternalError("threw: broken"));
}

TEST_F(RaceTest, AThrowThatIsNoExceptionIsAFailureToo) {
  entrants_.push_back({std::make_shared<RudeSource>(
                           [](Done) -> std::unique_ptr<Attempt> { throw 7; }),
                       {},
                       {},
                       false});
  Run();
  loop_.RunUntilIdle();
  EXPECT_EQ(result_->entrants[0].status.code(), absl::StatusCode::kInternal);
}

TEST_F(RaceTest, NoAttemptIsAFailure) {
  entrants_.push_back(
      {std::make_shared<RudeSource>([](Done) { return nullptr; }),
       {},
       {},
       false});
  Run();
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->entrants[0].status.code(), absl::StatusCode::kInternal);
}

TEST_F(RaceTest, ASecondAnswerIsDropped) {
  auto kept = std::make_shared<Done>();
  entrants_.push_back({std::make_shared<RudeSource>([kept](Done done) {
                         *kept = std::move(done);
                         return std::make_unique<Attempt>();
                       }),
                       {},
                       {},
                       false});
  Enter(b_);
  Run();
  std::move (*kept)(absl::NotFoundError(""));
  std::move (*kept)(TextValue("second thoughts"));
  EXPECT_FALSE(result_);
  b_->Answer(TextValue("B"));
  EXPECT_EQ(*result_->outcome->bytes, "B");
  std::move (*kept)(TextValue("and a third, when all is over"));
  EXPECT_EQ(*result_->outcome->bytes, "B");
}

/// Does as told when it is destroyed or reprioritised.
class RudeAttempt final : public Attempt {
 public:
  RudeAttempt(std::function<void()> destroyed,
              std::function<void()> reprioritised)
      : destroyed_(std::move(destroyed)),
        reprioritised_(std::move(reprioritised)) {}
  ~RudeAttempt() override {
    if (destroyed_) destroyed_();
  }
  void Reprioritise(int) override {
    if (reprioritised_) reprioritised_();
  }

 private:
  std::function<void()> destroyed_;
  std::function<void()> reprioritised_;
};

TEST_F(RaceTest, ALoserThatAnswersWhenItIsCancelledIsNotHeard) {
  entrants_.push_back({std::make_shared<RudeSource>([](Done done) {
                         auto kept = std::make_shared<Done>(std::move(done));
                         return std::make_unique<RudeAttempt>(
                             [kept] { std::move (*kept)(TextValue("me too")); },
                             nullptr);
                       }),
                       {},
                       {},
                       false});
  Enter(b_);
  Run();
  b_->Answer(TextValue("B"));
  EXPECT_EQ(*result_->outcome->bytes, "B");
  EXPECT_THAT(Verdicts(), ElementsAre(Verdict::kCancelled, Verdict::kWon));
}

TEST_F(RaceTest, ALoserWhoseEndTakesTheWholeRunWithItCrashesNothing) {
  entrants_.push_back({std::make_shared<RudeSource>([this](Done) {
                         return std::make_unique<RudeAttempt>(
                             [this] { run_ = nullptr; }, nullptr);
                       }),
                       {},
                       {},
                       false});
  Enter(b_);
  Enter(c_);
  Run();
  b_->Answer(TextValue("B"));
  EXPECT_FALSE(result_);
  EXPECT_EQ(c_->underway(), 0U);
}

TEST_F(RaceTest, AnAnswerInsideReprioritiseWaitsATurn) {
  entrants_.push_back({std::make_shared<RudeSource>([](Done done) {
                         auto kept = std::make_shared<Done>(std::move(done));
                         return std::make_unique<RudeAttempt>(nullptr, [kept] {
                           std::move (*kept)(TextValue("promoted"));
                         });
                       }),
                       {},
                       {},
                       false});
  Enter(b_);
  Run();
  run_->Reprioritise(-1);
  EXPECT_FALSE(result_);
  EXPECT_THAT(b_->priorities(), ElementsAre(-1));
  loop_.RunUntilIdle();
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_->outcome->bytes, "promoted");
}

TEST_F(RaceTest, ASuccessWithoutBytesIsAFailure) {
  Enter(a_);
  Run();
  a_->Answer(Value{});
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->entrants[0].status.code(), absl::StatusCode::kInternal);
}

TEST_F(RaceTest, NobodyIsAskedTwice) {
  Enter(a_);
  Enter(b_, After(milliseconds(1)));
  Enter(c_, After(milliseconds(1)));
  Run();
  a_->Answer(absl::NotFoundError(""));
  b_->Answer(absl::NotFoundError(""));
  loop_.Advance(milliseconds(5));
  EXPECT_EQ(a_->started() + b_->started() + c_->started(), 3);
  run_ = nullptr;
  EXPECT_THAT(result_, ::testing::Eq(std::nullopt));
}

}  // namespace
}  // namespace frontrunner
