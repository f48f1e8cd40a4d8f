/// Origin 5, chained promises: what a promise chained to another went wrong
/// with, in terms of callers who share a race and of the sources in it. A race
/// is the promise that is fired or cancelled; its callers, or its sources when
/// it is cancelled, are the followers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/race/race.h"
#include "server/wrappers/retry.h"
#include "server/wrappers/timeout.h"
#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tdefer, A_FiringARaceWhoseFollowerHasLeftHarmsNobody) {
  TableRig rig;
  rig.Lookup("first");
  rig.Lookup("left");
  rig.Lookup("last");
  rig.Leave("left");
  rig.TakeLog();
  rig.names->Answer(TextValue("v"));
  EXPECT_THAT(
      rig.TakeLog(),
      ElementsAre("names done", "redis cancel", "first: value \"v\" by names",
                  "last: value \"v\" by names (shared)"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Tdefer, B_FiringAFollowerThatHasFiredIsRefusedAndItKeepsItsAnswer) {
  TableRig rig;
  rig.Lookup("hasty", {.deadline = milliseconds(100)});
  rig.Lookup("patient");
  rig.loop.Advance(milliseconds(100));
  EXPECT_EQ(Describe(rig.results["hasty"]), "DEADLINE DEADLINE_EXCEEDED");
  rig.TakeLog();
  rig.names->Answer(TextValue("v"));
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("names done", "redis cancel",
                          "patient: value \"v\" by names (shared)"));
  EXPECT_EQ(Describe(rig.results["hasty"]), "DEADLINE DEADLINE_EXCEEDED");

  // The race itself is a follower of its sources: it fires once as well.
  FakeLoop loop;
  Done source_says;
  class Repeats final : public Source {
   public:
    explicit Repeats(Done& done) : done_(done) {}
    std::string_view name() const override { return "repeats"; }
    std::unique_ptr<Attempt> Start(const Query&, Done done) override {
      done_ = std::move(done);
      return std::make_unique<Attempt>();
    }

   private:
    Done& done_;
  };
  const auto other = std::make_shared<FakeSource>("other");
  Race race(loop, {"race",
                   {{.source = std::make_shared<Repeats>(source_says)},
                    {.source = other}}});
  EventLog answers;
  const auto run =
      race.Start(TextQuery("k"), [&answers](const Outcome& outcome) {
        answers.push_back(outcome.ok() ? *outcome->bytes : "failure");
      });
  std::move(source_says)(absl::UnavailableError("I have failed"));
  // NOLINTNEXTLINE(bugprone-use-after-move): to answer again.
  std::move(source_says)(TextValue("second thoughts"));
  loop.RunUntilIdle();
  EXPECT_THAT(answers, IsEmpty());
  other->Answer(TextValue("v"));
  // NOLINTNEXTLINE(bugprone-use-after-move)
  std::move(source_says)(TextValue("too late"));
  loop.RunUntilIdle();
  EXPECT_THAT(answers, ElementsAre("v"));
}

TEST(Tdefer, C_CancellingARaceCancelsItsFollowersTooAndOnce) {
  FakeLoop loop;
  EventLog log;
  const auto plain = std::make_shared<FakeSource>("plain", &log);
  const auto deep = std::make_shared<FakeSource>("deep", &log);
  const auto done_already = std::make_shared<FakeSource>("done", &log);
  const auto wrapped = WithRetry(loop, {}, nullptr, /*seed=*/1,
                                 WithTimeout(loop, seconds(1), deep));
  const auto inner = std::make_shared<Race>(
      loop,
      Race::Settings{"inner", {{.source = wrapped}, {.source = done_already}}});
  Race outer(loop, {"outer", {{.source = plain}, {.source = inner}}});
  auto run = outer.Start(TextQuery("k"),
                         [](const Outcome&) { FAIL() << "cancelled"; });
  done_already->Answer(absl::UnavailableError(""));
  log.clear();
  run = nullptr;
  EXPECT_THAT(log,
              testing::UnorderedElementsAre("plain cancel", "deep cancel"));
  log.clear();
  loop.Advance(minutes(1));
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(loop.armed_timers(), 0U);

  // A race that callers share is cancelled by the last who leaves, whoever
  // began it, and once.
  TableRig rig;
  rig.Lookup("first");
  rig.Lookup("last");
  rig.TakeLog();
  rig.Leave("first");
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.Leave("last");
  EXPECT_THAT(rig.TakeLog(),
              testing::UnorderedElementsAre("redis cancel", "names cancel"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Tdefer, D_WhoJoinsARaceUnderWayStillSeesTheValue) {
  TableRig rig;
  rig.Lookup("first");
  rig.CachesMiss();
  rig.Lookup("late");
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(rig.names->started(), 1);
  EXPECT_EQ(Describe(rig.results["first"]), "value \"v\" by names");
  EXPECT_EQ(Describe(rig.results["late"]), "value \"v\" by names (shared)");
}

TEST(Tdefer, E_TwoFollowersBothGetTheValue) {
  TableRig rig;
  rig.Lookup("one");
  rig.Lookup("two");
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(rig.names->started(), 1);
  ASSERT_TRUE(rig.results["one"].outcome.ok());
  ASSERT_TRUE(rig.results["two"].outcome.ok());
  EXPECT_EQ(*rig.results["one"].outcome->bytes, "v");
  EXPECT_EQ(rig.results["one"].outcome->bytes,
            rig.results["two"].outcome->bytes)
      << "the same bytes, not a copy that the first could have used up";
}

}  // namespace
}  // namespace frontrunner
