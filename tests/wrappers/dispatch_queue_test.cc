// What an operator, the rate and the end of the server do to a queue. How
// attempts fare in it is in limit_test.cc.
#include "server/wrappers/dispatch_queue.h"

#include "tests/wrappers/queue_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DispatchQueueTest : public QueueTest {};

TEST_F(DispatchQueueTest, WidthZeroHoldsEverything) {
  Make({.width = 0});
  Ask("a");
  Run();
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_THAT(Pending(), ElementsAre("a"));
}

TEST_F(DispatchQueueTest, WideningStartsThoseWhoWaitAtOnce) {
  Make({.width = 0});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  ASSERT_TRUE(queue_->SetWidth(2).ok());
  EXPECT_THAT(Log(), IsEmpty()) << "never inside the operator's call";
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b starts"));
  EXPECT_THAT(Pending(), ElementsAre("c"));
}

TEST_F(DispatchQueueTest, NarrowingLetsWhatIsUnderwayFinish) {
  Make({.width = 3});
  for (const char* key : {"a", "b", "c", "d"}) Ask(key);
  Log();
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  Run();
  EXPECT_THAT(Log(), IsEmpty());
  source_->Answer("a");
  source_->Answer("b");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a ok", "b ok"));
  source_->Answer("c");
  Run();
  EXPECT_THAT(Log(), ElementsAre("c ok", "d starts"));
}

TEST_F(DispatchQueueTest, ANegativeWidthIsRefusedAndChangesNothing) {
  Make({.width = 2});
  const absl::Status status = queue_->SetWidth(-1);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("-1"));
  queue_->Pause();
  EXPECT_EQ(queue_->Resume(-3).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(state().width, 2);
  EXPECT_TRUE(state().paused);
}

TEST_F(DispatchQueueTest, APauseHoldsAllAndKeepsTheWidth) {
  Make({.width = 2});
  Ask("a");
  queue_->Pause();
  Ask("b");
  source_->Answer("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "a ok"));
  EXPECT_EQ(state().width, 2);
  EXPECT_TRUE(state().paused);
}

TEST_F(DispatchQueueTest, ResumingLosesNone) {
  Make({.width = 2});
  queue_->Pause();
  for (const char* key : {"a", "b", "c"}) Ask(key);
  ASSERT_TRUE(queue_->Resume().ok());
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b starts"));
  EXPECT_FALSE(state().paused);
  source_->Answer("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a ok", "c starts"));
}

TEST_F(DispatchQueueTest, ResumingMayBringANewWidth) {
  Make({.width = 1});
  queue_->Pause();
  for (const char* key : {"a", "b", "c"}) Ask(key);
  ASSERT_TRUE(queue_->Resume(3).ok());
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b starts", "c starts"));
  EXPECT_EQ(state().width, 3);
}

TEST_F(DispatchQueueTest, SettingTheWidthDoesNotResume) {
  Make({.width = 1});
  queue_->Pause();
  Ask("a");
  ASSERT_TRUE(queue_->SetWidth(5).ok());
  Run();
  EXPECT_THAT(Log(), IsEmpty());
  EXPECT_TRUE(state().paused);
}

TEST_F(DispatchQueueTest, APendingJobThatIsCancelledFailsWithItsId) {
  Make({.width = 0});
  Ask("a");
  Ask("b");
  const uint64_t id = IdOf("b");
  ASSERT_TRUE(queue_->Cancel(id).ok());
  EXPECT_THAT(Pending(), ElementsAre("a")) << "at once";
  EXPECT_THAT(Log(), IsEmpty());
  Run();
  EXPECT_THAT(Log(), ElementsAre("b ABORTED"));
  EXPECT_EQ(failures_["b"].message(),
            "job " + std::to_string(id) +
                " of queue names was cancelled by an operator");
}

TEST_F(DispatchQueueTest, AnUnderwayJobThatIsCancelledIsStoppedAndFails) {
  Make({.width = 1});
  Ask("a");
  Ask("b");
  ASSERT_TRUE(queue_->Cancel(IdOf("a")).ok());
  Run();
  EXPECT_THAT(Log(),
              ElementsAre("a starts", "a stops", "a ABORTED", "b starts"));
  EXPECT_EQ(state().counters.aborted, 1U);
  EXPECT_EQ(state().counters.cancelled, 0U);
}

TEST_F(DispatchQueueTest, AnAnswerAfterTheOperatorIsNotCounted) {
  Make({.width = 1});
  Ask("a");
  ASSERT_TRUE(queue_->Cancel(IdOf("a")).ok());
  source_->Answer("a");
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  Run();
  EXPECT_THAT(Log(), ElementsAre("a ABORTED"));
  EXPECT_EQ(state().counters.finished, 0U);
}

TEST_F(DispatchQueueTest, AJobCancelledBetweenItsTurnAndItsStartNeverStarts) {
  Make({.width = 0});
  Ask("a");
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  ASSERT_TRUE(queue_->Cancel(IdOf("a")).ok());
  Run();
  EXPECT_THAT(Log(), ElementsAre("a ABORTED"));
  EXPECT_EQ(state().underway, 0U);
}

TEST_F(DispatchQueueTest, CancellingAnUnknownJobIsNotFound) {
  Make({.width = 1});
  Ask("a");
  const uint64_t id = IdOf("a");
  source_->Answer("a");
  for (const uint64_t unknown : {id, id + 1}) {
    const absl::Status status = queue_->Cancel(unknown);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("queue names has no job " + std::to_string(unknown)));
  }
}

TEST_F(DispatchQueueTest, AReprioritisedJobGoesBehindThoseOfItsNewPriority) {
  Make({.width = 0});
  Ask("a", {.priority = 5});
  Ask("b", {.priority = 1});
  Ask("c", {.priority = 1});
  Ask("d", {.priority = 3});
  EXPECT_THAT(Pending(), ElementsAre("b", "c", "d", "a"));
  ASSERT_TRUE(queue_->Reprioritise(IdOf("a"), 1).ok());
  EXPECT_THAT(Pending(), ElementsAre("b", "c", "a", "d"));
  ASSERT_TRUE(queue_->Reprioritise(IdOf("b"), 9).ok());
  EXPECT_THAT(Pending(), ElementsAre("c", "a", "d", "b"));
}

TEST_F(DispatchQueueTest, AJobGivenThePriorityThatItHasKeepsItsPlace) {
  Make({.width = 0});
  Ask("a");
  Ask("b");
  ASSERT_TRUE(queue_->Reprioritise(IdOf("a"), 0).ok());
  EXPECT_THAT(Pending(), ElementsAre("a", "b"));
}

TEST_F(DispatchQueueTest, TheSourceIsToldTheNewPriority) {
  Make({.width = 0});
  Ask("a");
  ASSERT_TRUE(queue_->Reprioritise(IdOf("a"), -7).ok());
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  Run();
  EXPECT_EQ(source_->PriorityOf("a"), -7);
}

TEST_F(DispatchQueueTest, ReprioritisingAnUnderwayOrUnknownJobIsAnError) {
  Make({.width = 1});
  Ask("a");
  EXPECT_EQ(queue_->Reprioritise(IdOf("a"), 1).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(queue_->Reprioritise(99, 1).code(), absl::StatusCode::kNotFound);
}

TEST_F(DispatchQueueTest, ClearingCancelsAllThatArePendingAndNoOther) {
  Make({.width = 1});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  EXPECT_EQ(queue_->ClearPending(), 2U);
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b ABORTED", "c ABORTED"));
  EXPECT_EQ(state().counters.aborted, 2U);
  EXPECT_EQ(queue_->ClearPending(), 0U);
}

TEST_F(DispatchQueueTest, ADrainEndsThoseWhoWaitWithAnErrorThatIsSafeToRetry) {
  Make({.width = 1});
  Ask("a");
  Ask("b");
  queue_->Drain();
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  Run();
  EXPECT_THAT(Log(), ElementsAre("b UNAVAILABLE"));
  EXPECT_EQ(RefusalOf(failures_["b"]), Refusal::kDraining);
  EXPECT_THAT(std::string(failures_["b"].message()),
              HasSubstr("job 2 of queue names was not started"));
  source_->Answer("a");
  EXPECT_THAT(Log(), ElementsAre("a ok")) << "what is underway finishes";
  EXPECT_EQ(state().counters.drained, 1U);
}

TEST_F(DispatchQueueTest, WhileDrainingOnlyWhatCanStartAtOnceStarts) {
  Make({.width = 1});
  queue_->Drain();
  Ask("a");
  Ask("b");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b UNAVAILABLE"));
  EXPECT_EQ(RefusalOf(failures_["b"]), Refusal::kDraining);
}

TEST_F(DispatchQueueTest, ARateSpacesTheStarts) {
  Make({.width = 10, .per_second = 10});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  Advance(milliseconds(99));
  EXPECT_THAT(Log(), IsEmpty());
  Advance(milliseconds(1));
  EXPECT_THAT(Log(), ElementsAre("b starts"));
  Advance(milliseconds(99));
  EXPECT_THAT(Log(), IsEmpty());
  Advance(milliseconds(1));
  EXPECT_THAT(Log(), ElementsAre("c starts"));
}

TEST_F(DispatchQueueTest, NobodyOvertakesThoseWhoWaitForTheRate) {
  Make({.width = 10, .per_second = 10});
  // It comes when the next may start, before the queue has seen that.
  const auto newcomer =
      loops_[0].At(loops_[0].Now() + milliseconds(100), [this] { Ask("c"); });
  Ask("a");
  Ask("b");
  Advance(milliseconds(100));
  EXPECT_THAT(Log(), ElementsAre("a starts", "b starts"));
  Advance(milliseconds(100));
  EXPECT_THAT(Log(), ElementsAre("c starts"));
}

TEST_F(DispatchQueueTest, ABurstMayStartAfterAQuietTimeAndNoMore) {
  Make({.width = 10, .per_second = 10, .burst = 2});
  for (const char* key : {"a", "b", "c"}) Ask(key);
  Run();
  EXPECT_THAT(Log(), ElementsAre("a starts", "b starts"));
  Advance(milliseconds(100));
  EXPECT_THAT(Log(), ElementsAre("c starts"));
  Advance(seconds(10));
  for (const char* key : {"d", "e", "f"}) Ask(key);
  Run();
  EXPECT_THAT(Log(), ElementsAre("d starts", "e starts"));
}

TEST_F(DispatchQueueTest, TheRateAloneSaysNothingOfTheWidth) {
  Make({.width = 1, .per_second = 10});
  Ask("a");
  Ask("b");
  Advance(seconds(1));
  EXPECT_THAT(Log(), ElementsAre("a starts"));
  source_->Answer("a");
  Run();
  EXPECT_THAT(Log(), ElementsAre("a ok", "b starts"));
}

TEST_F(DispatchQueueTest, APauseOutlastsTheRatesTimer) {
  Make({.width = 5, .per_second = 10});
  Ask("a");
  Ask("b");
  Run();
  Log();
  queue_->Pause();
  Advance(seconds(1));
  EXPECT_THAT(Log(), IsEmpty());
  ASSERT_TRUE(queue_->Resume().ok());
  Run();
  EXPECT_THAT(Log(), ElementsAre("b starts"));
}

TEST_F(DispatchQueueTest, TheQueueMayGoWhileItsTimerRuns) {
  Make({.width = 5, .per_second = 10});
  Ask("a");
  Ask("b");
  Run();
  attempts_.clear();
  limits_.clear();
  queue_ = nullptr;
  EXPECT_EQ(loops_[0].armed_timers(), 1U) << "it goes on its own loop";
  Run();
  EXPECT_EQ(loops_[0].armed_timers(), 0U);
  EXPECT_EQ(loops_[0].pending_tasks(), 0U);
}

TEST_F(DispatchQueueTest, JobsAreListedWithTheirTimes) {
  Make({.width = 0});
  const TimePoint queued = loops_[0].Now();
  Ask("a", {.priority = 4});
  Advance(seconds(1));
  ASSERT_EQ(queue_->Pending(10).size(), 1U);
  DispatchQueue::Job job = queue_->Pending(10)[0];
  EXPECT_EQ(job.call->table, "t");
  EXPECT_EQ(job.priority, 4);
  EXPECT_EQ(job.queued, queued);
  EXPECT_FALSE(job.started);
  ASSERT_TRUE(queue_->SetWidth(1).ok());
  Advance(seconds(1));
  job = queue_->Underway(10).at(0);
  EXPECT_EQ(job.started, queued + seconds(1));
  EXPECT_FALSE(job.ended);
  source_->Answer("a", absl::NotFoundError("none"));
  EXPECT_THAT(Underway(), IsEmpty());
  job = queue_->Ended(10).at(0);
  EXPECT_EQ(job.ended, queued + seconds(2));
  EXPECT_EQ(job.code, absl::StatusCode::kNotFound);
}

TEST_F(DispatchQueueTest, ListsAreAsLongAsTheyAreAskedToBe) {
  Make({.width = 3});
  for (const char* key : {"a", "b", "c", "d", "e"}) Ask(key);
  EXPECT_THAT(Keys(queue_->Pending(1)), ElementsAre("d"));
  EXPECT_THAT(Keys(queue_->Underway(2)), ElementsAre("a", "b"));
  EXPECT_THAT(Keys(queue_->Pending(0)), IsEmpty());
}

TEST_F(DispatchQueueTest, TheLastEndedAreRememberedLatestFirst) {
  Make({.width = 1});
  for (int i = 0; i < 100; ++i) {
    Ask(std::to_string(i));
    source_->Answer(std::to_string(i));
  }
  const EventLog ended = Ended();
  EXPECT_EQ(ended.size(), 64U);
  EXPECT_EQ(ended.front(), "99");
  EXPECT_EQ(ended.back(), "36");
}

TEST_F(DispatchQueueTest, EveryEndIsRememberedWithItsCode) {
  Make({.width = 1});
  Ask("finished");
  Ask("left");
  Ask("aborted");
  Ask("drained");
  Drop("left");
  ASSERT_TRUE(queue_->Cancel(IdOf("aborted")).ok());
  queue_->Drain();
  source_->Answer("finished");
  std::vector<absl::StatusCode> codes;
  for (const auto& job : queue_->Ended(10)) codes.push_back(job.code);
  EXPECT_THAT(Ended(), ElementsAre("finished", "drained", "aborted", "left"));
  EXPECT_THAT(
      codes,
      ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kUnavailable,
                  absl::StatusCode::kAborted, absl::StatusCode::kCancelled));
}

TEST_F(DispatchQueueTest, TheCountersBalance) {
  Make({.width = 2, .max_pending = 3});
  for (const char* key : {"a", "b", "c", "d", "e", "too many"}) Ask(key);
  Advance(seconds(2));
  Drop("d");
  ASSERT_TRUE(queue_->Cancel(IdOf("e")).ok());
  source_->Answer("a");
  Drop("b");
  Run();
  source_->Answer("c");
  const DispatchQueue::Counters counters = state().counters;
  EXPECT_EQ(counters.queued, 5U);
  EXPECT_EQ(counters.started, 3U);
  EXPECT_EQ(counters.finished, 2U);
  EXPECT_EQ(counters.cancelled, 2U);
  EXPECT_EQ(counters.aborted, 1U);
  EXPECT_EQ(counters.refused, 1U);
  EXPECT_EQ(counters.wait_sum, Duration(seconds(2))) << "c's";
  EXPECT_EQ(state().underway, 0U);
}

TEST_F(DispatchQueueTest, TheStateTellsItsSettings) {
  Make({.width = 7, .max_pending = 9, .per_second = 2.5, .burst = 3});
  EXPECT_EQ(queue_->name(), "names");
  EXPECT_EQ(state().width, 7);
  EXPECT_EQ(state().max_pending, 9U);
  EXPECT_EQ(state().per_second, 2.5);
  EXPECT_EQ(state().burst, 3);
  EXPECT_FALSE(state().paused);
}

}  // namespace
}  // namespace frontrunner
