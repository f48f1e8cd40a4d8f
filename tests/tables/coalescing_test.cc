#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Coalescing, AHundredLookupsOfAColdKeyStartTheBackendOnce) {
  TableRig rig;
  for (int i = 0; i < 100; ++i) rig.Lookup("caller " + std::to_string(i));
  rig.loop.RunUntilIdle();
  EXPECT_THAT(rig.TakeLog(), ElementsAre("redis start", "names start"));
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(rig.results.size(), 100U);
  for (const auto& [who, result] : rig.results) {
    ASSERT_TRUE(result.outcome.ok());
    EXPECT_EQ(*result.outcome->bytes, "v");
    EXPECT_EQ(result.source, "names");
    EXPECT_EQ(result.coalesced, who != "caller 0");
    EXPECT_EQ(result.race, rig.results["caller 0"].race);
  }
  EXPECT_EQ(rig.names->started(), 1);
  EXPECT_EQ(rig.Count(&TableCounters::lookups), 100U);
  EXPECT_EQ(rig.Count(&TableCounters::races), 1U);
  EXPECT_EQ(rig.Count(&TableCounters::coalesced), 99U);
  EXPECT_TRUE(rig.Quiet());
}

TEST(Coalescing, CallersAreAnsweredInTheOrderTheyCame) {
  TableRig rig;
  rig.Lookup("b");
  rig.Lookup("c");
  rig.Lookup("a");
  rig.TakeLog();
  rig.names->Answer(TextValue("v"));
  EXPECT_THAT(rig.TakeLog(), ElementsAre("names done", "redis cancel",
                                         "b: value \"v\" by names",
                                         "c: value \"v\" by names (shared)",
                                         "a: value \"v\" by names (shared)"));
}

TEST(Coalescing, OtherKeysPoliciesAndHopCountsRaceApart) {
  TableRig rig;
  rig.Lookup("a");
  rig.Lookup("other key", {.key = "l"});
  rig.Lookup("bypass", {.policy = CachePolicy::kBypass});
  rig.Lookup("only", {.policy = CachePolicy::kOnly});
  rig.Lookup("hop", {.hops = 1});
  EXPECT_EQ(rig.Count(&TableCounters::races), 5U);
  rig.Lookup("a too");
  rig.Lookup("bypass too", {.policy = CachePolicy::kBypass});
  rig.Lookup("only too", {.policy = CachePolicy::kOnly});
  rig.Lookup("hop too", {.hops = 1});
  EXPECT_EQ(rig.Count(&TableCounters::races), 5U);
  EXPECT_EQ(rig.Count(&TableCounters::coalesced), 4U);
}

TEST(Coalescing, KeysOfTheSameHashRaceApart) {
  TableRig rig;
  std::vector<std::unique_ptr<Attempt>> attempts;
  for (const char* key : {"k", "l"}) {
    auto call = std::make_shared<CallContext>(*TableRig::Call(key));
    call->hash = 1;
    attempts.push_back(rig.shard().Lookup({.call = std::move(call)},
                                          [](const LookupResult&) {}));
  }
  EXPECT_EQ(rig.Count(&TableCounters::races), 2U);
}

TEST(Coalescing, WhereTheTableDoesNotCoalesceEachRacesAlone) {
  TableRig rig;
  rig.settings.coalesce = false;
  rig.Lookup("a");
  rig.Lookup("b");
  EXPECT_EQ(rig.names->started(), 2);
  rig.names->Answer(TextValue("1"));
  EXPECT_EQ(rig.results.count("b"), 0U);
  rig.names->Answer(TextValue("2"));
  EXPECT_EQ(Describe(rig.results["a"]), "value \"1\" by names");
  EXPECT_EQ(Describe(rig.results["b"]), "value \"2\" by names");
}

TEST(Coalescing, ASharedRaceGivesSourcesNoDeadline) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(50)});
  EXPECT_EQ(rig.names->last_query().deadline, kNever);
}

TEST(Coalescing, ARaceOfOnesOwnGivesSourcesTheClampedDeadline) {
  TableRig rig;
  rig.settings.coalesce = false;
  rig.Lookup("a", {.deadline = milliseconds(50)});
  EXPECT_EQ(rig.names->last_query().deadline,
            rig.loop.Now() + milliseconds(50));
  rig.Lookup("b", {.deadline = seconds(50)});
  EXPECT_EQ(rig.names->last_query().deadline,
            rig.loop.Now() + milliseconds(500));
}

TEST(Coalescing, WhoLeavesDoesNotLetDuplicatesRun) {
  TableRig rig;
  rig.Lookup("a");
  rig.Lookup("b");
  rig.Leave("a");
  rig.Lookup("c");
  EXPECT_EQ(rig.names->started(), 1);
  rig.TakeLog();
  rig.names->Answer(TextValue("v"));
  EXPECT_THAT(rig.TakeLog(), ElementsAre("names done", "redis cancel",
                                         "b: value \"v\" by names (shared)",
                                         "c: value \"v\" by names (shared)"));
}

TEST(Coalescing, WhenTheRaceIsOverTheNextLookupRacesAnew) {
  TableRig rig;
  rig.Lookup("a");
  rig.names->Answer(TextValue("v"));
  rig.Lookup("b");
  EXPECT_EQ(rig.names->started(), 2);
  rig.names->Answer(TextValue("w"));
  EXPECT_EQ(Describe(rig.results["b"]), "value \"w\" by names");
}

TEST(Coalescing, TheRaceHasTheMostUrgentPriorityOfThoseWhoWait) {
  TableRig rig;
  rig.Lookup("a", {.priority = 5});
  EXPECT_THAT(rig.names->priorities(), ElementsAre(5));
  rig.Lookup("b", {.priority = 7});
  EXPECT_THAT(rig.names->priorities(), ElementsAre(5));
  rig.Lookup("c", {.priority = 1});
  EXPECT_THAT(rig.names->priorities(), ElementsAre(1));
  rig.Lookup("d", {.priority = 1});
  rig.Leave("c");
  EXPECT_THAT(rig.names->priorities(), ElementsAre(1));
  rig.Leave("d");
  EXPECT_THAT(rig.names->priorities(), ElementsAre(5));
  rig.attempts["b"]->Reprioritise(-3);
  EXPECT_THAT(rig.names->priorities(), ElementsAre(-3));
}

/// Logs the priorities that its attempts are given after their start.
class PriorityLog final : public Source {
 public:
  std::string_view name() const override { return "log"; }
  std::unique_ptr<Attempt> Start(const Query&, Done) override {
    class Try final : public Attempt {
     public:
      explicit Try(std::vector<int>& told) : told_(told) {}
      void Reprioritise(int priority) override { told_.push_back(priority); }

     private:
      std::vector<int>& told_;
    };
    return std::make_unique<Try>(told);
  }
  std::vector<int> told;
};

TEST(Coalescing, TheRaceIsToldOnlyWhenItsPriorityChanges) {
  TableRig rig;
  const auto source = std::make_shared<PriorityLog>();
  rig.entrants = {Entrant{.source = source}};
  rig.caches.clear();
  rig.Lookup("a", {.priority = 5});
  rig.Lookup("b", {.priority = 5});
  rig.Lookup("c", {.priority = 7});
  rig.Leave("c");
  EXPECT_THAT(source->told, IsEmpty());
  rig.Lookup("d", {.priority = 1});
  rig.Leave("d");
  EXPECT_THAT(source->told, ElementsAre(1, 5));
}

TEST(Coalescing, ThePriorityFallsWhenTheMostUrgentReachesItsDeadline) {
  TableRig rig;
  rig.Lookup("a", {.deadline = milliseconds(10), .priority = 1});
  rig.Lookup("b", {.priority = 5});
  rig.loop.Advance(milliseconds(10));
  EXPECT_THAT(rig.names->priorities(), ElementsAre(5));
}

TEST(Coalescing, ACallerMayEndItsOwnAttemptAndThoseOfOthers) {
  TableRig rig;
  for (const char* who : {"a", "b", "c", "d"}) rig.Lookup(who);
  rig.when_answered["b"] = [&] {
    rig.Leave("b");
    rig.Leave("a");
    rig.Leave("c");
  };
  rig.TakeLog();
  rig.names->Answer(TextValue("v"));
  EXPECT_THAT(rig.TakeLog(), ElementsAre("names done", "redis cancel",
                                         "a: value \"v\" by names",
                                         "b: value \"v\" by names (shared)",
                                         "d: value \"v\" by names (shared)"));
  EXPECT_TRUE(rig.Quiet());
}

TEST(Coalescing, ACallerWhoAsksAgainWhenAnsweredRacesAnew) {
  TableRig rig;
  rig.Lookup("a");
  rig.Lookup("b");
  rig.when_answered["a"] = [&] { rig.Lookup("again"); };
  rig.names->Answer(TextValue("v"));
  EXPECT_EQ(rig.names->started(), 2);
  EXPECT_EQ(rig.results.count("again"), 0U);
  EXPECT_EQ(rig.results.count("b"), 1U);
  rig.names->Answer(TextValue("w"));
  EXPECT_EQ(Describe(rig.results["again"]), "value \"w\" by names");
}

TEST(Coalescing, AHitInMemoryIsNeverAnsweredInsideLookup) {
  TableRig rig;
  rig.near->set_peek(TextValue("v"));
  rig.Lookup("a");
  rig.Lookup("b");
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  rig.loop.RunUntilIdle();
  EXPECT_THAT(rig.TakeLog(), ElementsAre("a: value \"v\" by near",
                                         "b: value \"v\" by near (shared)"));
}

TEST(Coalescing, TheShardGoesWithItsRacesAndBeforeItsCallers) {
  TableRig rig;
  rig.Lookup("a");
  rig.Lookup("b", {.wait = true});
  rig.Lookup("waiting", {.key = "l", .wait = true});
  rig.redis->Answer(absl::NotFoundError(""));
  rig.redis->Answer(absl::NotFoundError(""));
  rig.names->Answer(TextValue("v"));
  rig.names->Answer(absl::NotFoundError(""));
  rig.Lookup("c");
  rig.Put("writer", "m", "v");
  rig.TakeLog();
  rig.DestroyShard();
  EXPECT_THAT(rig.TakeLog(), testing::UnorderedElementsAre(
                                 "redis cancel", "names cancel",
                                 "near.store cancel", "redis.store cancel"));
  rig.attempts.clear();
  rig.loop.RunUntilIdle();
  EXPECT_THAT(rig.TakeLog(), IsEmpty());
  EXPECT_TRUE(rig.Quiet());
}

}  // namespace
}  // namespace frontrunner
