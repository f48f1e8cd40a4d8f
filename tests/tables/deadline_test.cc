#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Deadline, EachCallerOfASharedRaceIsAnsweredAtItsOwn) {
  TableRig rig;
  rig.Lookup("late", {.deadline = milliseconds(30)});
  rig.Lookup("early", {.deadline = milliseconds(10)});
  rig.CachesMiss();
  rig.TakeLog();
  rig.loop.Advance(milliseconds(9));
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.Advance(milliseconds(1));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("early: DEADLINE DEADLINE_EXCEEDED (shared)"));
  rig.loop.Advance(milliseconds(19));
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.Advance(milliseconds(1));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("names cancel", "late: DEADLINE DEADLINE_EXCEEDED"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Deadline, TheOthersGoOnAndAreAnswered) {
  TableRig rig;
  rig.Lookup("early", {.deadline = milliseconds(10)});
  rig.Lookup("late");
  rig.loop.Advance(milliseconds(10));
  rig.TakeLog();
  rig.names->Answer(TextValue("v"));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("names done", "redis cancel",
                          "late: value \"v\" by names (shared)"));
}

TEST(Deadline, TheReportTellsWhoWasStillRunning) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(10)});
  rig.CachesMiss();
  rig.loop.Advance(milliseconds(10));
  const auto& race = rig.results["a"].race;
  ASSERT_TRUE(race);
  EXPECT_EQ(race->end, RaceEnd::kAbandoned);
  EXPECT_EQ(race->entrants[1].verdict, Verdict::kMissed);
  EXPECT_EQ(race->entrants[2].verdict, Verdict::kCancelled);
  EXPECT_EQ(race->entrants[2].status.code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(Deadline, TheRaceLastsAsLongAsItsLatestCaller) {
  TableRig rig;
  rig.Lookup("a");
  rig.loop.Advance(milliseconds(400));
  rig.Lookup("b");
  rig.loop.Advance(milliseconds(499));
  EXPECT_EQ(rig.names->started(), 1);
  EXPECT_EQ(rig.names->underway(), 1U);
  EXPECT_EQ(rig.results.count("b"), 0U);
  rig.loop.Advance(milliseconds(1));
  EXPECT_EQ(rig.names->underway(), 0U);
  EXPECT_EQ(rig.results.count("b"), 1U);
}

TEST(Deadline, SourcesAreToldTheLatest) {
  TableRig rig;
  const TimePoint begin = rig.loop.Now();
  rig.Lookup("a", {.deadline = milliseconds(10)});
  const Query query = rig.names->last_query();
  EXPECT_EQ(query.deadline, kNever) << "nobody's own";
  EXPECT_EQ(*query.wanted_until, begin + milliseconds(10));
  rig.Lookup("b", {.deadline = milliseconds(30)});
  rig.Lookup("c", {.deadline = milliseconds(20)});
  EXPECT_EQ(*query.wanted_until, begin + milliseconds(30));
}

TEST(Deadline, ALookupThatIsOverCanStillLeaveSilently) {
  TableRig rig;
  rig.Lookup("a", {.deadline = Duration(0)});
  rig.Leave("a");
  rig.loop.Advance(seconds(1));
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  EXPECT_TRUE(rig.Quiet());
}

TEST(Deadline, WhoIsAnsweredAtItMayEndTheLastWhoWasNotDue) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(10)});
  rig.Lookup("b", {.deadline = milliseconds(10)});
  rig.Lookup("c");
  rig.when_answered["a"] = [&] { rig.Leave("c"); };
  rig.CachesMiss();
  rig.TakeLog();
  rig.loop.Advance(milliseconds(10));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("a: DEADLINE DEADLINE_EXCEEDED", "names cancel",
                          "b: DEADLINE DEADLINE_EXCEEDED (shared)"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Deadline, WhoIsAnsweredAtItMayEndAnotherWhoIsDue) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(10)});
  rig.Lookup("b", {.deadline = milliseconds(10)});
  rig.when_answered["a"] = [&] { rig.attempts.clear(); };
  rig.CachesMiss();
  rig.TakeLog();
  rig.loop.Advance(milliseconds(10));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("a: DEADLINE DEADLINE_EXCEEDED", "names cancel"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Deadline, WhoAsksAgainWhenTheLastIsAnsweredRacesAnew) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(10)});
  rig.when_answered["a"] = [&] { rig.Lookup("again"); };
  rig.CachesMiss();
  rig.TakeLog();
  rig.loop.Advance(milliseconds(10));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("names cancel", "a: DEADLINE DEADLINE_EXCEEDED",
                          "redis start", "names start"));
}

TEST(Deadline, ATableThatAllowsForeverSetsNoTimer) {
  TableRig rig;
  rig.settings.deadline = Duration::max();
  rig.Lookup("a");
  EXPECT_EQ(rig.loop.armed_timers(), 0U);
  rig.loop.Advance(std::chrono::hours(10000));
  EXPECT_EQ(rig.names->underway(), 1U);
}

}  // namespace
}  // namespace frontrunner
