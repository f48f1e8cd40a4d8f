#include "server/race/guarded_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "server/base/strings.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Breaks the contract as told.
class RudeSource final : public Source {
 public:
  enum class Habit { kThrows, kNoAttempt, kAnswersInside, kAnswersTwice };

  explicit RudeSource(Habit habit) : habit_(habit) {}
  std::string_view name() const override { return "rude"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    if (habit_ == Habit::kThrows) throw std::runtime_error("no");
    if (habit_ == Habit::kNoAttempt) return nullptr;
    if (habit_ == Habit::kAnswersInside) std::move(done)(TextValue("v"));
    // NOLINTNEXTLINE(bugprone-use-after-move): to answer again.
    done_ = std::move(done);
    return std::make_unique<Attempt>();
  }
  void AnswerTwice() {
    Done done = std::move(done_);
    std::move(done)(TextValue("1"));
    // NOLINTNEXTLINE(bugprone-use-after-move): that is the point.
    std::move(done)(TextValue("2"));
  }

 private:
  const Habit habit_;
  Done done_;
};

struct Try {
  explicit Try(RudeSource::Habit habit) : source(habit) {
    attempt =
        StartGuarded(loop, source, TextQuery("k"), [this](const Outcome& o) {
          const absl::Status& status = o.status();
          log.emplace_back(o.ok() ? Absl(*o->bytes) : status.message());
          attempt = nullptr;
        });
  }
  EventLog log;
  FakeLoop loop;
  RudeSource source;
  std::unique_ptr<Attempt> attempt;
};

TEST(GuardedStart, ASourceThatThrowsFailsInALaterTurn) {
  Try a_try(RudeSource::Habit::kThrows);
  EXPECT_THAT(a_try.log, IsEmpty());
  a_try.loop.RunUntilIdle();
  EXPECT_THAT(a_try.log, ElementsAre("threw"));
}

TEST(GuardedStart, ASourceThatMakesNoAttemptFailsInALaterTurn) {
  Try a_try(RudeSource::Habit::kNoAttempt);
  EXPECT_THAT(a_try.log, IsEmpty());
  a_try.loop.RunUntilIdle();
  EXPECT_THAT(a_try.log, ElementsAre("made no attempt"));
}

TEST(GuardedStart, AnAnswerInsideStartArrivesInALaterTurn) {
  Try a_try(RudeSource::Habit::kAnswersInside);
  EXPECT_THAT(a_try.log, IsEmpty());
  a_try.loop.RunUntilIdle();
  EXPECT_THAT(a_try.log, ElementsAre("v"));
}

TEST(GuardedStart, AnAnswerInsideStartIsDroppedWhenTheAttemptIs) {
  Try a_try(RudeSource::Habit::kAnswersInside);
  a_try.attempt = nullptr;
  a_try.loop.RunUntilIdle();
  EXPECT_THAT(a_try.log, IsEmpty());
}

TEST(GuardedStart, AnAnswerInsideStartIsNotOvertakenByASecond) {
  Try a_try(RudeSource::Habit::kAnswersInside);
  a_try.source.AnswerTwice();
  EXPECT_THAT(a_try.log, IsEmpty());
  a_try.loop.RunUntilIdle();
  EXPECT_THAT(a_try.log, ElementsAre("v"));
}

TEST(GuardedStart, ASecondAnswerIsDropped) {
  Try a_try(RudeSource::Habit::kAnswersTwice);
  a_try.source.AnswerTwice();
  EXPECT_THAT(a_try.log, ElementsAre("1"));
}

TEST(GuardedStart, DestroyingItCancels) {
  FakeLoop loop;
  EventLog log;
  FakeSource source("s", &log);
  auto attempt = StartGuarded(loop, source, TextQuery("k"),
                              [](const Outcome&) { FAIL(); });
  EXPECT_THAT(log, ElementsAre("s start"));
  attempt = nullptr;
  EXPECT_THAT(log, ElementsAre("s start", "s cancel"));
}

TEST(GuardedStart, PassesThePriorityOn) {
  FakeLoop loop;
  FakeSource source("s");
  auto attempt = StartGuarded(loop, source, TextQuery("k"), [](Outcome) {});
  attempt->Reprioritise(7);
  EXPECT_THAT(source.priorities(), ElementsAre(7));
}

}  // namespace
}  // namespace frontrunner
