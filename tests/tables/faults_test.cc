#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TableFaults, Fault9_WithoutADeadlineTheTablesCounts) {
  TableRig rig;
  rig.Lookup("a");
  rig.loop.Advance(milliseconds(499));
  EXPECT_TRUE(rig.results.empty());
  rig.loop.Advance(milliseconds(1));
  EXPECT_EQ(Describe(rig.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
}

TEST(TableFaults, Fault10_ADeadlineThatIsOverStartsNobody) {
  TableRig rig;
  rig.near->set_peek(TextValue("v"));
  rig.Lookup("now", {.deadline = Duration(0)});
  rig.Lookup("long ago", {.deadline = -std::chrono::hours(1)});
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.RunUntilIdle();
  EXPECT_THAT(rig.TakeLog(),
              ElementsAre("now: DEADLINE DEADLINE_EXCEEDED",
                          "long ago: DEADLINE DEADLINE_EXCEEDED"));
  EXPECT_FALSE(rig.results["now"].race);
  EXPECT_EQ(rig.Count(&TableCounters::races), 0U);
}

TEST(TableFaults, Fault11_AHugeDeadlineIsClamped) {
  TableRig rig;
  rig.Lookup("a", {.deadline = std::chrono::hours(24 * 365 * 100)});
  rig.loop.Advance(milliseconds(499));
  EXPECT_TRUE(rig.results.empty());
  rig.loop.Advance(milliseconds(1));
  EXPECT_EQ(Describe(rig.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
}

TEST(TableFaults, Fault31_AWriteBackThatFailsIsCountedAndNotReturned) {
  TableRig rig;
  rig.settings.write_back = TableSettings::WriteBack{.ttl = minutes(10)};
  rig.Lookup("a");
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(Describe(rig.results["a"]), "value \"v\" by names");
  rig.near_store->Answer(absl::ResourceExhaustedError("too large"));
  rig.redis_store->Answer(TextValue(""));
  EXPECT_EQ(rig.Count(&TableCounters::write_backs), 2U);
  EXPECT_EQ(rig.Count(&TableCounters::write_back_failures), 1U);
  EXPECT_TRUE(rig.Quiet());
}

TEST(TableFaults, Fault36_ASuccessAfterTheDeadlineIsNotReturned) {
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

TEST(TableFaults, Fault63_TheFirstOf100CallersCancels) {
  TableRig rig;
  for (int i = 0; i < 100; ++i) rig.Lookup(std::to_string(i));
  rig.Leave("0");
  EXPECT_EQ(rig.names->underway(), 1U);
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(rig.results.size(), 99U);
  EXPECT_EQ(rig.results.count("0"), 0U);
  for (const auto& [who, result] : rig.results) {
    EXPECT_TRUE(result.outcome.ok()) << who;
  }
  EXPECT_EQ(rig.names->started(), 1);
}

TEST(TableFaults, Fault64_AllLeave) {
  TableRig rig;
  for (int i = 0; i < 100; ++i) rig.Lookup(std::to_string(i));
  rig.CachesMiss();
  rig.TakeLog();
  for (int i = 0; i < 99; ++i) rig.Leave(std::to_string(i));
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.Leave("99");
  EXPECT_THAT(rig.TakeLog(), ElementsAre("names cancel"));
  EXPECT_TRUE(rig.Quiet());
  rig.Lookup("next");
  EXPECT_EQ(rig.names->started(), 2);
}

/// Throws at its first start, then answers as the source behind it.
class ThrowsOnce final : public Source {
 public:
  explicit ThrowsOnce(std::shared_ptr<Source> inner)
      : inner_(std::move(inner)) {}
  std::string_view name() const override { return inner_->name(); }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    if (!std::exchange(thrown_, true)) throw std::runtime_error("bug");
    return inner_->Start(query, std::move(done));
  }

 private:
  std::shared_ptr<Source> inner_;
  bool thrown_ = false;
};

TEST(TableFaults, Fault65_TheSourceOfASharedRaceThrows) {
  TableRig rig;
  rig.caches.clear();
  rig.entrants = {Entrant{.source = std::make_shared<ThrowsOnce>(rig.names)}};
  rig.Lookup("a");
  rig.Lookup("b");
  rig.Lookup("c");
  EXPECT_TRUE(rig.results.empty());
  rig.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig.results["a"]), "ALL_SOURCES_FAILED INTERNAL");
  EXPECT_EQ(Describe(rig.results["b"]), "ALL_SOURCES_FAILED INTERNAL (shared)");
  EXPECT_EQ(Describe(rig.results["c"]), "ALL_SOURCES_FAILED INTERNAL (shared)");
  rig.Lookup("next");
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(Describe(rig.results["next"]), "value \"v\" by names");
}

TEST(TableFaults, Fault66_TenThousandWaitersAreAnsweredOnceByOnePut) {
  TableRig rig;
  int answers = 0;
  std::vector<std::unique_ptr<Attempt>> waiters;
  for (int i = 0; i < 10000; ++i) {
    LookupCall call;
    call.call = TableRig::Call("k");
    call.wait_for_value = true;
    waiters.push_back(
        rig.shard().Lookup(std::move(call), [&answers](LookupResult result) {
          EXPECT_EQ(result.source, "put");
          EXPECT_EQ(*result.outcome->bytes, "v");
          ++answers;
        }));
  }
  rig.CachesMiss();
  rig.names->Answer(absl::NotFoundError(""));
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(rig.Count(&TableCounters::waiting), 10000U);
  rig.Put("writer", "k", "v");
  rig.near_store->Answer(TextValue(""));
  rig.redis_store->Answer(TextValue(""));
  rig.Put("writer", "k", "w");
  rig.loop.Advance(minutes(5));
  EXPECT_EQ(answers, 10000);
  EXPECT_EQ(rig.names->started(), 1);
  EXPECT_TRUE(rig.Quiet());
}

TEST(TableFaults, Fault67_WaitersThatTimeOutLeaveNothingBehind) {
  TableRig rig;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "k" + std::to_string(i % 10);
    rig.Lookup(std::to_string(i),
               {.key = key, .deadline = milliseconds(1000 + i), .wait = true});
  }
  for (int i = 0; i < 10; ++i) {
    rig.CachesMiss();
    rig.names->Answer(absl::NotFoundError(""));
  }
  EXPECT_EQ(rig.Count(&TableCounters::waiting), 100U);
  rig.loop.Advance(milliseconds(1049));
  EXPECT_EQ(rig.Count(&TableCounters::waiting), 50U);
  rig.loop.Advance(milliseconds(50));
  EXPECT_EQ(rig.results.size(), 100U);
  EXPECT_TRUE(rig.Quiet());
  rig.Put("writer", "k0", "v");
  EXPECT_EQ(Describe(rig.results["0"]), "DEADLINE DEADLINE_EXCEEDED");
}

TEST(TableFaults, Fault68_WinnerAndCancellationInTheSameTick) {
  for (const bool winner_first : {true, false}) {
    TableRig rig;
    rig.near->set_peek(TextValue("v"));  // wins in the next turn
    if (winner_first) {
      rig.Lookup("a");
      rig.loop.Post([&] { rig.Leave("a"); });
    } else {
      rig.loop.Post([&] { rig.Leave("a"); });
      rig.Lookup("a");
    }
    rig.loop.RunUntilIdle();
    EXPECT_EQ(rig.results.size(), winner_first ? 1U : 0U);
    EXPECT_TRUE(rig.Quiet());
  }
}

TEST(TableFaults, Fault68_WinnerAndDeadlineInTheSameTick) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(10)});
  auto answer = rig.loop.At(rig.loop.Now() + milliseconds(10), [&] {
    if (rig.names->underway() > 0) rig.names->Answer(TextValue("v"));
  });
  rig.loop.Advance(milliseconds(10));
  answer = nullptr;
  EXPECT_EQ(Describe(rig.results["a"]), "DEADLINE DEADLINE_EXCEEDED");
  EXPECT_TRUE(rig.Quiet());
}

TEST(TableFaults, Fault69_AllEntrantsFailInTheSameTick) {
  TableRig rig;
  rig.Lookup("a");
  rig.Lookup("b");
  rig.loop.Post([&] { rig.redis->Answer(absl::UnavailableError("")); });
  rig.loop.Post([&] { rig.names->Answer(absl::UnavailableError("")); });
  rig.loop.RunOneTurn();
  EXPECT_EQ(Describe(rig.results["a"]), "ALL_SOURCES_FAILED UNAVAILABLE");
  EXPECT_EQ(Describe(rig.results["b"]),
            "ALL_SOURCES_FAILED UNAVAILABLE (shared)");
  EXPECT_TRUE(rig.Quiet());
}

}  // namespace
}  // namespace frontrunner
