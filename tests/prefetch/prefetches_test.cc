#include "server/prefetch/prefetches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "server/base/status.h"
#include "tests/prefetch/prefetch_rig.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

absl::Status Overloaded(const std::string& /*key*/) {
  return WithRefusal(absl::ResourceExhaustedError("full"),
                     Refusal::kOverloaded);
}

/// As long as it lives, no file of this process can be written.
class FullDisk {
 public:
  FullDisk() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit nothing{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &nothing), 0);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*const handler_)(int);
  rlimit before_{};
};

int MostAsked(const World& world) {
  int most = 0;
  for (const auto& [key, times] : world.asked) most = std::max(most, times);
  return most;
}

std::vector<std::string> Ids(const std::vector<PrefetchView>& views) {
  std::vector<std::string> ids;
  for (const PrefetchView& view : views) ids.push_back(view.id);
  return ids;
}

TEST(Prefetches, EveryKeyEndsInTheCache) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  EXPECT_EQ(*server.Accept("a", PrefetchServer::Keys("k", 1000)), 1000U);
  server.Run();
  EXPECT_THAT(world.cache, SizeIs(1000));
  EXPECT_EQ(MostAsked(world), 1);
  const PrefetchView view = server.View("a");
  EXPECT_EQ(view.stored, 1000U);
  EXPECT_EQ(view.pending + view.underway + view.failed + view.cancelled, 0U);
  EXPECT_TRUE(view.finished);
}

TEST(Prefetches, NoMoreThanItsConcurrencyIsUnderway) {
  World world;
  world.hold = true;
  PrefetchServer server(world, 4);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("a", 10)).ok());
  EXPECT_TRUE(server.Accept("b", PrefetchServer::Keys("b", 10)).ok());
  EXPECT_TRUE(server.Accept("c", PrefetchServer::Keys("c", 10)).ok());
  server.Run();
  EXPECT_EQ(world.underway, 4U);
  const PrefetchView view = server.View("a");
  EXPECT_EQ(
      view.underway + server.View("b").underway + server.View("c").underway,
      4U);
  EXPECT_EQ(view.pending, 10 - view.underway);
  world.hold = false;
  server.Release();
  server.Run();
  EXPECT_THAT(world.cache, SizeIs(30));
  EXPECT_EQ(world.most_underway, 4U);
}

TEST(Prefetches, ThoseThatWaitTakeTurns) {
  World world;
  world.hold = true;
  PrefetchServer server(world, 4);
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("a", 100)).ok());
  EXPECT_TRUE(server.Accept("b", PrefetchServer::Keys("b", 100)).ok());
  server.prefetches().Start();
  server.Run();
  EXPECT_EQ(server.View("a").underway, 2U);
  EXPECT_EQ(server.View("b").underway, 2U);
}

TEST(Prefetches, NothingBeginsBeforeStart) {
  World world;
  PrefetchServer server(world);
  EXPECT_TRUE(server.Accept("a", {"k"}).ok());
  server.Run();
  EXPECT_THAT(world.asked, IsEmpty());
  EXPECT_EQ(server.View("a").pending, 1U);
}

TEST(Prefetches, FailuresAreCountedByCodeWithTheFirstMessage) {
  World world;
  world.failure = [](const std::string& key) -> absl::Status {
    if (key == "k1") return absl::NotFoundError("");
    if (key == "k2") return absl::InternalError("bug");
    return absl::OkStatus();
  };
  PrefetchServer server(world);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 5)).ok());
  server.Run();
  const PrefetchView view = server.View("a");
  EXPECT_EQ(view.stored, 3U);
  EXPECT_EQ(view.failed, 2U);
  EXPECT_TRUE(view.finished);
  ASSERT_THAT(view.failures, SizeIs(2));
  EXPECT_EQ(view.failures[0].code, absl::StatusCode::kNotFound);
  EXPECT_EQ(view.failures[1].code, absl::StatusCode::kInternal);
  EXPECT_EQ(view.failures[1].count, 1U);
  EXPECT_THAT(view.failures[1].message, testing::HasSubstr("bug"));
}

TEST(Prefetches, AKeyThatWasRefusedForNowIsTriedAgainAfterAPause) {
  World world;
  world.failure = Overloaded;
  PrefetchServer server(world, 1);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", {"k"}).ok());
  server.Run();
  EXPECT_EQ(world.asked["k"], 1);
  EXPECT_EQ(server.View("a").pending, 1U);
  server.Advance(milliseconds(90));
  EXPECT_EQ(world.asked["k"], 1);
  server.Advance(milliseconds(20));
  EXPECT_EQ(world.asked["k"], 2);
  // Twice as long.
  server.Advance(milliseconds(180));
  EXPECT_EQ(world.asked["k"], 2);
  world.failure = nullptr;
  server.Advance(milliseconds(40));
  EXPECT_EQ(world.asked["k"], 3);
  EXPECT_TRUE(server.View("a").finished);
  EXPECT_EQ(server.View("a").stored, 1U);
}

TEST(Prefetches, AKeyWhoseTurnHasNotComeByTheDeadlineIsTriedAgain) {
  World world;
  PrefetchServer server(world, 2);
  server.prefetches().Start();
  server.queue().Pause();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 5)).ok());
  server.Advance(minutes(1));
  EXPECT_EQ(server.View("a").pending + server.View("a").underway, 5U);
  EXPECT_THAT(world.asked, IsEmpty());
  EXPECT_TRUE(server.queue().Resume().ok());
  server.Advance(seconds(6));
  EXPECT_EQ(server.View("a").stored, 5U);
  EXPECT_EQ(MostAsked(world), 1);
}

TEST(Prefetches, AKeyThatWasAskedForAndHasNoAnswerByTheDeadlineHasFailed) {
  World world;
  world.hold = true;
  PrefetchServer server(world, 2);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", {"k"}).ok());
  server.Advance(seconds(11));
  const PrefetchView view = server.View("a");
  EXPECT_TRUE(view.finished);
  ASSERT_THAT(view.failures, SizeIs(1));
  EXPECT_EQ(view.failures[0].code, absl::StatusCode::kDeadlineExceeded);
}

TEST(Prefetches, OneThatPausesHoldsUpNobodyElse) {
  World world;
  world.failure = [](const std::string& key) {
    return key.starts_with("a") ? Overloaded(key) : absl::OkStatus();
  };
  PrefetchServer server(world, 2);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("a", 5)).ok());
  EXPECT_TRUE(server.Accept("b", PrefetchServer::Keys("b", 50)).ok());
  server.Run();
  EXPECT_TRUE(server.View("b").finished);
  EXPECT_EQ(server.View("a").pending, 5U);
}

TEST(Prefetches, AfterACleanStopNothingIsDoneTwice) {
  World world;
  for (int life = 0; life < 4; ++life) {
    PrefetchServer server(world, 8);
    server.prefetches().Start();
    if (life == 0) {
      ASSERT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 500)).ok());
    }
    if (life == 3) {
      server.Run();
    } else {
      server.Turns(30);
      server.Stop();
      EXPECT_FALSE(server.stopped());
      server.Run();
      EXPECT_TRUE(server.stopped());
      EXPECT_LT(world.cache.size(), 500U);
      EXPECT_GT(world.cache.size(), 8U);
      EXPECT_EQ(server.View("a").underway, 0U);
      EXPECT_EQ(server.View("a").stored, world.cache.size());
    }
  }
  EXPECT_THAT(world.cache, SizeIs(500));
  EXPECT_THAT(world.asked, SizeIs(500));
  EXPECT_EQ(MostAsked(world), 1);
}

TEST(Prefetches, AfterAKillAtMostThoseUnderwayAreDoneAgain) {
  constexpr size_t kConcurrency = 8;
  World world;
  int killed = 0;
  for (bool finished = false; !finished; ++killed) {
    // What is in the cache already would not be asked for again.
    world.cache.clear();
    PrefetchServer server(world, kConcurrency);
    server.prefetches().Start();
    if (killed == 0) {
      ASSERT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 300)).ok());
    }
    server.Turns(20 + killed % 5);
    finished = server.View("a").finished;
  }
  EXPECT_GT(killed, 3);
  EXPECT_THAT(world.asked, SizeIs(300));
  size_t again = 0;
  for (const auto& [key, times] : world.asked) {
    again += static_cast<size_t>(times - 1);
  }
  EXPECT_LE(again, kConcurrency * static_cast<size_t>(killed - 1));
}

TEST(Prefetches, AStopLeavesWhatIsStuckInTheJournal) {
  World world;
  world.hold = true;
  {
    PrefetchServer server(world, 2);
    server.prefetches().Start();
    EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 5)).ok());
    server.Run();
    server.Stop();
    server.Run();
    EXPECT_FALSE(server.stopped());
    EXPECT_EQ(world.underway, 2U);
  }
  EXPECT_EQ(world.underway, 0U);
  world.hold = false;
  PrefetchServer server(world, 2);
  EXPECT_EQ(server.View("a").pending, 5U);
  server.prefetches().Start();
  server.Run();
  EXPECT_THAT(world.cache, SizeIs(5));
}

TEST(Prefetches, ARefusalOfOursThatEndsTheRaceIsNotTheKeysFailure) {
  World world;
  world.final_codes.set(
      static_cast<size_t>(absl::StatusCode::kResourceExhausted));
  bool full = true;
  world.failure = [&](const std::string& key) {
    absl::Status failure = absl::ResourceExhaustedError("full");
    if (key == "k1") {
      return full ? WithRefusal(std::move(failure), Refusal::kOverloaded)
                  : absl::OkStatus();
    }
    return failure;  // of somebody else's
  };
  PrefetchServer server(world, 2);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", {"k1", "k2"}).ok());
  server.Advance(milliseconds(1));
  EXPECT_EQ(server.View("a").failed, 1U);
  EXPECT_EQ(server.View("a").stored, 0U);
  full = false;
  server.Advance(seconds(6));
  EXPECT_EQ(server.View("a").failed, 1U);
  EXPECT_EQ(server.View("a").stored, 1U);
}

TEST(Prefetches, WhatADrainingQueueNeverStartedStaysInTheJournal) {
  World world;
  world.hold = true;
  world.failure = [](const std::string& key) {
    return key == "k1" ? WithRefusal(absl::UnavailableError("draining"),
                                     Refusal::kDraining)
                       : absl::OkStatus();
  };
  {
    PrefetchServer server(world, 2);
    server.prefetches().Start();
    EXPECT_TRUE(server.Accept("a", {"k1", "k2"}).ok());
    server.Run();
    server.Stop();
    server.Run();
    server.Release();
    server.Run();
    EXPECT_TRUE(server.stopped());
    EXPECT_EQ(server.prefetches().Watch("a", [](const auto&) {}), 1U);
  }
  world.hold = false;
  world.failure = nullptr;
  PrefetchServer server(world);
  EXPECT_EQ(server.View("a").pending, 1U);
  server.prefetches().Start();
  server.Run();
  EXPECT_EQ(server.View("a").stored, 2U);
  EXPECT_EQ(world.asked["k2"], 1);
}

TEST(Prefetches, AJournalThatCannotBeWrittenHoldsEverythingUntilItCan) {
  World world;
  PrefetchServer server(world, 2);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 10)).ok());
  absl::Status refused;
  {
    const FullDisk full;
    server.Advance(seconds(3));
    refused = server.Accept("b", {"x"}).status();
    server.Stop();
    server.Advance(seconds(3));
  }
  EXPECT_THAT(world.asked, SizeIs(2)) << "those that were underway";
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_FALSE(server.stopped());
  EXPECT_THAT(server.log, SizeIs(1));
  server.Advance(seconds(2));
  EXPECT_TRUE(server.stopped());
  EXPECT_EQ(server.View("a").stored, 2U);
  EXPECT_EQ(server.View("a").pending, 8U);
}

TEST(Prefetches, AfterAFullDiskItGoesOn) {
  World world;
  PrefetchServer server(world, 2);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 10)).ok());
  {
    const FullDisk full;
    server.Advance(seconds(3));
  }
  server.Advance(seconds(2));
  EXPECT_EQ(server.View("a").stored, 10U);
  EXPECT_EQ(MostAsked(world), 1);
}

TEST(Prefetches, AStoppingOneAcceptsNothing) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  server.Stop();
  const auto refused = server.Accept("a", {"k"});
  EXPECT_EQ(RefusalOf(refused.status()), Refusal::kDraining);
  server.Run();
  EXPECT_TRUE(server.stopped());
}

TEST(Prefetches, WhatCameBeforeTheStopIsInTheJournalWhenItHasStopped) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  server.Run();
  bool accepted = false;
  PrefetchKeys keys;
  keys.id = "a";
  keys.table = "t";
  keys.keys = {"k"};
  server.prefetches().Accept(keys,
                             [&](const auto& said) { accepted = said.ok(); });
  server.Stop();
  server.writer.RunOneTurn();
  EXPECT_FALSE(server.stopped());
  server.Run();
  EXPECT_TRUE(accepted);
  EXPECT_TRUE(server.stopped());
}

TEST(Prefetches, CancellingForgetsThePendingAndLetsTheUnderwayGoOn) {
  World world;
  world.hold = true;
  PrefetchServer server(world, 3);
  server.prefetches().Start();
  EXPECT_TRUE(
      server.Accept("a", PrefetchServer::Keys("k", 10), /*last=*/false).ok());
  server.Run();
  const auto view = server.Cancel("a");
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->cancelled, 7U);
  EXPECT_EQ(view->underway, 3U);
  EXPECT_EQ(view->pending, 0U);
  EXPECT_FALSE(view->finished);
  world.hold = false;
  server.Release();
  server.Run();
  EXPECT_THAT(world.asked, SizeIs(3));
  EXPECT_EQ(server.View("a").stored, 3U);
  EXPECT_EQ(server.View("a").cancelled, 7U);
  EXPECT_TRUE(server.View("a").finished);
  EXPECT_TRUE(absl::IsFailedPrecondition(server.Accept("a", {"x"}).status()));
}

TEST(Prefetches, ACancelledOneStaysCancelledAfterARestart) {
  World world;
  {
    PrefetchServer server(world);
    EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 10)).ok());
    EXPECT_TRUE(server.Cancel("a").ok());
  }
  PrefetchServer server(world);
  server.prefetches().Start();
  server.Run();
  EXPECT_THAT(world.asked, IsEmpty());
  EXPECT_EQ(server.View("a").cancelled, 10U);
  EXPECT_TRUE(server.View("a").finished);
}

TEST(Prefetches, AnUnknownIdIsNotFound) {
  World world;
  PrefetchServer server(world);
  EXPECT_TRUE(absl::IsNotFound(server.Cancel("a").status()));
  absl::Status said;
  server.prefetches().Watch("a",
                            [&](const auto& view) { said = view.status(); });
  server.Run();
  EXPECT_TRUE(absl::IsNotFound(said));
}

TEST(Prefetches, AWatcherIsToldAtOnceThenTenTimesASecondThenTheEnd) {
  World world;
  world.hold = true;
  PrefetchServer server(world, 1);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", PrefetchServer::Keys("k", 30)).ok());
  std::vector<PrefetchView> told;
  server.prefetches().Watch("a",
                            [&](const auto& view) { told.push_back(*view); });
  server.Run();
  EXPECT_EQ(told.size(), 1U);
  for (int i = 0; i < 9; ++i) {
    server.Release();
    server.Advance(milliseconds(10));
  }
  EXPECT_EQ(told.size(), 2U);
  world.hold = false;
  server.Release();
  server.Run();
  EXPECT_EQ(told.size(), 2U);
  server.Advance(milliseconds(20));
  EXPECT_EQ(told.size(), 3U);
  EXPECT_TRUE(told.back().finished);
  EXPECT_GT(told.back().per_second, 1);
  server.Advance(seconds(3));
  EXPECT_EQ(told.size(), 3U);
}

TEST(Prefetches, AForgottenWatcherHearsNothing) {
  World world;
  PrefetchServer server(world);
  EXPECT_TRUE(server.Accept("a", {"k"}).ok());
  int told = 0;
  const uint64_t watch =
      server.prefetches().Watch("a", [&](const auto&) { ++told; });
  server.prefetches().Unwatch(watch);
  server.prefetches().Start();
  server.Advance(seconds(1));
  EXPECT_EQ(told, 1);
}

TEST(Prefetches, TheRateFallsToNothingWhenNothingHappens) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  EXPECT_TRUE(
      server.Accept("a", PrefetchServer::Keys("k", 50), /*last=*/false).ok());
  server.Run();
  double rate = -1;
  server.prefetches().Watch("a",
                            [&](const auto& view) { rate = view->per_second; });
  EXPECT_TRUE(server.Accept("a", {"more"}, /*last=*/false).ok());
  server.Advance(milliseconds(500));
  EXPECT_GT(rate, 0);
  server.Advance(seconds(7));
  EXPECT_EQ(rate, 0);
}

TEST(Prefetches, TheLatestIsListedFirst) {
  World world;
  PrefetchServer server(world);
  for (const char* id : {"a", "b", "c"}) {
    EXPECT_TRUE(server.Accept(id, {"k"}).ok());
  }
  EXPECT_THAT(Ids(server.List()), ElementsAre("c", "b", "a"));
}

TEST(Prefetches, FinishedOnesAreForgottenAfterADay) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  EXPECT_TRUE(server.Accept("a", {"k"}).ok());
  EXPECT_TRUE(server.Accept("b", {"k"}, /*last=*/false).ok());
  server.Run();
  server.writer.JumpWallClock(hours(25));
  EXPECT_THAT(Ids(server.List()), ElementsAre("b", "a"));
  server.Advance(minutes(11));
  EXPECT_THAT(Ids(server.List()), ElementsAre("b"));
}

TEST(Prefetches, ATableThatIsGoneFailsItsKeys) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  EXPECT_TRUE(
      server.Accept("a", PrefetchServer::Keys("k", 20), true, "gone").ok());
  server.Run();
  const PrefetchView view = server.View("a");
  EXPECT_EQ(view.failed, 20U);
  EXPECT_TRUE(view.finished);
  EXPECT_EQ(view.failures[0].code, absl::StatusCode::kFailedPrecondition);
}

TEST(Prefetches, OneWithoutKeysFinishesAtOnce) {
  World world;
  PrefetchServer server(world);
  EXPECT_TRUE(server.Accept("a", {}, /*last=*/false).ok());
  EXPECT_FALSE(server.View("a").finished);
  EXPECT_TRUE(server.Accept("a", {}).ok());
  EXPECT_TRUE(server.View("a").finished);
}

TEST(Prefetches, KeysMayComeWhileOthersAreUnderway) {
  World world;
  PrefetchServer server(world);
  server.prefetches().Start();
  for (int call = 0; call < 20; ++call) {
    EXPECT_TRUE(server
                    .Accept("a",
                            PrefetchServer::Keys(std::to_string(call) + "-", 7),
                            call == 19)
                    .ok());
    server.Turns(3);
  }
  server.Run();
  EXPECT_THAT(world.cache, SizeIs(140));
  EXPECT_EQ(MostAsked(world), 1);
  EXPECT_TRUE(server.View("a").finished);
}

TEST(Prefetches, ManyCallsOfOneTurnAreOneCommitAndAllAnswered) {
  World world;
  PrefetchServer server(world);
  int answered = 0;
  for (int i = 0; i < 50; ++i) {
    PrefetchKeys keys;
    keys.id = "a";
    keys.table = "t";
    keys.keys = {std::to_string(i)};
    server.prefetches().Accept(std::move(keys), [&](const auto& accepted) {
      EXPECT_TRUE(accepted.ok());
      ++answered;
    });
  }
  server.writer.RunOneTurn();
  EXPECT_EQ(answered, 0);
  server.writer.RunOneTurn();
  EXPECT_EQ(answered, 50);
}

TEST(Prefetches, TooMuchThatWaitsForTheJournalIsRefused) {
  World world;
  PrefetchServer server(world);
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    PrefetchKeys keys;
    keys.id = "a";
    keys.table = "t";
    keys.keys = {std::string(size_t{2} << 20, 'x')};
    server.prefetches().Accept(std::move(keys), [&](const auto& accepted) {
      if (RefusalOf(accepted.status()) == Refusal::kOverloaded) ++refused;
    });
  }
  EXPECT_EQ(refused, 8);
  server.Run();
  EXPECT_EQ(refused, 8);
  EXPECT_TRUE(server.Accept("a", {"k"}).ok());
}

}  // namespace
}  // namespace frontrunner
