#include "server/wrappers/limit.h"

#include <stdexcept>

#include "tests/wrappers/queue_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LimitTest : public QueueTest {};
using LimitFaults = LimitTest;

TEST_F(LimitTest, WhereAPlaceIsFreeTheSourceIsAskedInsideStart) {
  Make({.width = 1});
  Ask("a");
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  EXPECT_EQ(loops_[0].pending_tasks(), 0U) << "without another turn";
  EXPECT_THAT(Underway(), ElementsAre("a"));
}

TEST_F(LimitTest, NoMoreThanTheWidthAreUnderway) {
  Make({.width = 2});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b starts"));
  source_->Answer("b");
  EXPECT_THAT(Log(), ElementsAre("b ok")) << "not yet: never inside a release";
  Run();
  EXPECT_THAT(Log(), ElementsAre("c starts"));
}

TEST_F(LimitTest, TheWidthIsOneForAllLoops) {
  Make({.width = 1}, 2);
  Ask("a", {.loop = 0});
  Ask("b", {.loop = 1});
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  source_->Answer("a");
  loops_[0].RunUntilIdle();
  EXPECT_THAT(Log(), ElementsAre("a ok"));
  loops_[1].RunUntilIdle();
  EXPECT_THAT(Log(), ElementsAre("b starts")) << "on its own loop";
}

TEST_F(LimitTest, TheLowerPriorityStartsFirstAndEqualsInTheirOrder) {
  Make({.width = 1});
  Ask("first");
  Ask("late", {.priority = 5});
  Ask("x");
  Ask("y");
  Ask("urgent", {.priority = -5});
  for (const char* key : {"first", "urgent", "x", "y", "late"}) {
    source_->Answer(key);
    Run();
  }
  EXPECT_THAT(Log(), ElementsAre("first starts", "first ok", "urgent starts",
                                 "urgent ok", "x starts", "x ok", "y starts",
                                 "y ok", "late starts", "late ok"));
}

TEST_F(LimitTest, ItSaysWhenATurnCame) {
  Make({.width = 1});
  Ask("a");
  Ask("b");
  Advance(milliseconds(5));
  EXPECT_EQ(attempts_["a"]->turn_came(), TimePoint::min()) << "at once";
  EXPECT_EQ(attempts_["b"]->turn_came(), kNever);
  source_->Answer("a");
  Run();
  const TimePoint then = loops_[0].Now();
  Advance(milliseconds(5));
  EXPECT_EQ(attempts_["b"]->turn_came(), then);
}

TEST_F(LimitTest, NobodyOvertakesThoseWhoWait) {
  Make({.width = 1}, 2);
  Ask("a");
  Ask("b", {.loop = 1});
  source_->Answer("a");
  // b has the place already, though its loop has not had its turn.
  Ask("c");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "b starts"));
}

TEST_F(LimitTest, WhoLeavesThePendingIsGoneAtOnce) {
  Make({.width = 1});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  Drop("b");
  EXPECT_THAT(Pending(), ElementsAre("c"));
  source_->Answer("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "c starts"));
  EXPECT_EQ(state().counters.cancelled, 1U);
}

TEST_F(LimitTest, WhoLeavesUnderwayGivesThePlaceToTheNext) {
  Make({.width = 1});
  Ask("a");
  Ask("b");
  Drop("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a stops", "b starts"));
  EXPECT_EQ(state().counters.cancelled, 1U);
  EXPECT_EQ(state().late, 0U);
}

TEST_F(LimitTest, WhoLeavesBetweenTheTurnAndTheStartGivesThePlaceToTheNext) {
  Make({.width = 1});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  source_->Answer("a");
  Drop("b");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "c starts"));
}

TEST_F(LimitTest, AFullQueueRefusesAtOnceAsOverloaded) {
  Make({.width = 1, .max_pending = 1});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  EXPECT_THAT(Log(), ElementsAre("a starts")) << "never inside Start";
  Run();
  EXPECT_THAT(Log(), ElementsAre("c RESOURCE_EXHAUSTED"));
  EXPECT_EQ(RefusalOf(failures_["c"]), Refusal::kOverloaded);
  EXPECT_THAT(std::string(failures_["c"].message()),
              HasSubstr("job 3 of queue names"));
  EXPECT_EQ(state().counters.refused, 1U);
}

TEST_F(LimitTest, ARefusalThatNobodyWaitsForIsDropped) {
  Make({.width = 1, .max_pending = 0});
  Ask("a");
  Ask("b");
  Drop("b");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts"));
}

TEST_F(LimitTest, MaxPendingZeroLetsThroughWhatCanStartAtOnce) {
  Make({.width = 1, .max_pending = 0});
  Ask("a");
  source_->Answer("a");
  Ask("b");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "b starts"));
}

TEST_F(LimitTest, AChangedPriorityMovesAPendingJob) {
  Make({.width = 1});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  attempts_["c"]->Reprioritise(-1);
  EXPECT_THAT(Pending(), ElementsAre("c", "b"));
  source_->Answer("a");
  Run();
  EXPECT_EQ(source_->PriorityOf("c"), -1);
}

TEST_F(LimitTest, AChangedPriorityReachesTheSourceOfAnUnderwayOne) {
  Make({.width = 1});
  Ask("a");
  attempts_["a"]->Reprioritise(-4);
  EXPECT_EQ(source_->PriorityOf("a"), -4);
  EXPECT_EQ(queue_->Underway(1).at(0).priority, -4);
}

TEST_F(LimitTest, AtItsDeadlineAPendingJobFailsAndLeaves) {
  Make({.width = 1});
  Ask("a");
  Ask("b", {.deadline = loops_[0].Now() + milliseconds(50)});
  Advance(milliseconds(49));
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  Advance(milliseconds(1));
  EXPECT_THAT(Log(), ElementsAre("b DEADLINE_EXCEEDED"));
  EXPECT_THAT(std::string(failures_["b"].message()),
              HasSubstr("job 2 of queue names"));
  EXPECT_THAT(Pending(), IsEmpty());
  EXPECT_EQ(state().counters.cancelled, 1U);
}

TEST_F(LimitTest, OnceUnderwayTheDeadlineIsTheSources) {
  Make({.width = 1});
  Ask("a");
  const TimePoint deadline = loops_[0].Now() + milliseconds(50);
  Ask("b", {.deadline = deadline});
  source_->Answer("a");
  Run();
  EXPECT_EQ(source_->last_query.deadline, deadline);
  EXPECT_EQ(loops_[0].armed_timers(), 0U);
  Advance(seconds(1));
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "b starts"));
}

TEST_F(LimitTest, ADoneMayDestroyItsAttempt) {
  Make({.width = 1});
  std::unique_ptr<Attempt> pending;
  Ask("a");
  pending = limits_[0]->Start(TextQuery("b"), [&](const Outcome&) {
    pending = nullptr;
    log_.emplace_back("destroyed");
  });
  source_->Answer("a");
  Run();
  source_->Answer("b");
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "b starts", "destroyed"));
  EXPECT_EQ(state().underway, 0U);
}

TEST_F(LimitTest, ADoneMayAskAgainAndGoesBehindThoseWhoWait) {
  Make({.width = 1});
  std::unique_ptr<Attempt> first = limits_[0]->Start(
      TextQuery("first"), [&](const Outcome&) { Ask("again"); });
  Ask("b");
  source_->Answer("first");
  Run();
  EXPECT_THAT(Log(), ElementsAre("first starts", "b starts"));
  EXPECT_THAT(Pending(), ElementsAre("again"));
}

TEST_F(LimitTest, ThePlaceIsFreeWhenTheOutcomeIsTold) {
  Make({.width = 1});
  size_t underway = 99;
  const auto attempt = limits_[0]->Start(
      TextQuery("a"), [&](const Outcome&) { underway = state().underway; });
  source_->Answer("a");
  EXPECT_EQ(underway, 0U);
}

TEST_F(LimitTest, AttemptsMayOutliveTheWrapper) {
  Make({.width = 1});
  Ask("a");
  Ask("b");
  limits_.clear();
  queue_ = nullptr;
  source_->Answer("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok", "b starts"));
}

TEST_F(LimitTest, ASlotMayOutliveTheQueueAndItsLoops) {
  std::shared_ptr<const void> slot;
  {
    FakeLoop loop;
    auto queue = std::make_shared<DispatchQueue>(
        loop, DispatchQueue::Settings{.name = "q"});
    source_->keeps_slots = true;
    auto limit = WithLimit(loop, queue, source_);
    auto attempt = limit->Start(TextQuery("a"), [](const Outcome&) {});
    slot = std::move(source_->slots["a"]);
  }
  slot = nullptr;
}

TEST_F(LimitTest, AQueueInsideAQueueKeepsBothPlaces) {
  Make({.width = 1});
  auto inner = std::make_shared<DispatchQueue>(
      loops_[0], DispatchQueue::Settings{.name = "inner"});
  const auto both =
      WithLimit(loops_[0], queue_, WithLimit(loops_[0], inner, source_));
  source_->keeps_slots = true;
  auto attempt = both->Start(TextQuery("a"), [](const Outcome&) {});
  attempt = nullptr;
  EXPECT_EQ(state().late, 1U);
  EXPECT_EQ(inner->state().late, 1U);
  source_->slots.clear();
  EXPECT_EQ(state().underway, 0U);
  EXPECT_EQ(inner->state().underway, 0U);
}

/// Throws, or answers inside Start.
class RudeSource final : public Source {
 public:
  std::string_view name() const override { return "rude"; }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    if (query.call->key == "throw") throw std::runtime_error("no");
    std::move(done)(TextValue("too early"));
    return std::make_unique<Attempt>();
  }
};

TEST_F(LimitTest, ASourceThatMisbehavesWhenItsTurnComesGivesOneOutcome) {
  Make({.width = 0});
  limits_[0] = WithLimit(loops_[0], queue_, std::make_shared<RudeSource>());
  Ask("throw");
  Ask("early");
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  Run();
  EXPECT_THAT(Log(), ElementsAre("throw INTERNAL", "early ok"));
  EXPECT_EQ(state().underway, 0U);
}

TEST_F(LimitFaults, Fault37_WhoIgnoresCancellationKeepsItsPlaceUntilItEnds) {
  Make({.width = 1});
  source_->keeps_slots = true;
  Ask("a");
  Ask("b");
  Drop("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a stops"));
  EXPECT_EQ(state().underway, 1U);
  EXPECT_EQ(state().late, 1U);
  ASSERT_EQ(queue_->Underway(10).size(), 1U);
  EXPECT_TRUE(queue_->Underway(10)[0].late);
  EXPECT_EQ(queue_->Cancel(IdOf("a")).code(),
            absl::StatusCode::kFailedPrecondition);
  source_->slots.erase("a");
  EXPECT_EQ(state().late, 0U);
  Run();
  EXPECT_THAT(Log(), ElementsAre("b starts"));
  EXPECT_THAT(Ended(), ElementsAre("a"));
}

TEST_F(LimitFaults, Fault37_AnOperatorsCancellationDoesNotWaitForIt) {
  Make({.width = 1});
  source_->keeps_slots = true;
  Ask("a");
  Ask("b");
  ASSERT_TRUE(queue_->Cancel(IdOf("a")).ok());
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a stops", "a ABORTED"));
  EXPECT_EQ(state().late, 1U);
  source_->slots.clear();
  Run();
  EXPECT_THAT(Log(), ElementsAre("b starts"));
}

TEST_F(LimitFaults, Fault37_AnAnswerWhoseWorkGoesOnKeepsThePlaceToo) {
  Make({.width = 1});
  source_->keeps_slots = true;
  Ask("a");
  Ask("b");
  source_->Answer("a", absl::DeadlineExceededError("too slow"));
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a DEADLINE_EXCEEDED"));
  EXPECT_EQ(state().late, 1U);
  source_->slots.clear();
  Run();
  EXPECT_THAT(Log(), ElementsAre("b starts"));
}

}  // namespace
}  // namespace frontrunner
