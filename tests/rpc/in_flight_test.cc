#include "server/rpc/in_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace frontrunner {
namespace {

TEST(InFlight, CountsPermits) {
  InFlight in_flight({.max = 10});
  {
    const auto first = in_flight.Begin();
    const auto second = in_flight.Begin(3);
    EXPECT_TRUE(first.permit);
    EXPECT_TRUE(second.permit);
    EXPECT_EQ(in_flight.outstanding(), 4U);
  }
  EXPECT_EQ(in_flight.outstanding(), 0U);
}

TEST(InFlight, RefusesAllOrNothingAboveTheBound) {
  InFlight in_flight({.max = 3});
  const auto first = in_flight.Begin(2);
  const auto second = in_flight.Begin(2);
  EXPECT_FALSE(second.permit);
  EXPECT_EQ(second.refusal, Refusal::kOverloaded);
  EXPECT_EQ(in_flight.outstanding(), 2U);
  EXPECT_EQ(in_flight.refused_overloaded(), 1U);
  EXPECT_TRUE(in_flight.Begin(1).permit);
}

TEST(InFlight, ACountAboveTheBoundGetsInAlone) {
  InFlight in_flight({.max = 3});
  auto all = in_flight.Begin(100);
  EXPECT_TRUE(all.permit);
  EXPECT_EQ(in_flight.outstanding(), 3U);
  EXPECT_FALSE(in_flight.Begin().permit);
  all.permit.Release();
  EXPECT_EQ(in_flight.outstanding(), 0U);
}

TEST(InFlight, WithRoomForNobodyEverybodyIsRefused) {
  InFlight in_flight({.max = 0});
  EXPECT_FALSE(in_flight.Begin().permit);
}

TEST(InFlight, AboveTheHighMarkEverybodyIsRefused) {
  InFlight in_flight({.max = 10, .high = 2, .low = 2});
  const auto first = in_flight.Begin();
  const auto second = in_flight.Begin();
  EXPECT_FALSE(in_flight.overloaded());
  const auto third = in_flight.Begin();
  EXPECT_TRUE(third.permit);
  EXPECT_TRUE(in_flight.overloaded());
  const auto fourth = in_flight.Begin();
  EXPECT_FALSE(fourth.permit);
  EXPECT_EQ(fourth.refusal, Refusal::kOverloaded);
  EXPECT_EQ(in_flight.refused_overloaded(), 1U);
}

TEST(InFlight, OnceOverloadedItRefusesUntilFewerThanTheLowMarkAreLeft) {
  InFlight in_flight({.max = 10, .high = 4, .low = 2});
  auto most = in_flight.Begin(3);
  auto one = in_flight.Begin();
  auto last = in_flight.Begin();
  ASSERT_TRUE(in_flight.overloaded());
  most.permit.Release();  // two are left
  EXPECT_TRUE(in_flight.overloaded());
  EXPECT_FALSE(in_flight.Begin().permit);
  one.permit.Release();
  EXPECT_FALSE(in_flight.overloaded());
  EXPECT_TRUE(in_flight.Begin().permit);
}

TEST(InFlight, AfterOverloadTheHighMarkCountsAgain) {
  InFlight in_flight({.max = 10, .high = 3, .low = 2});
  auto most = in_flight.Begin(4);
  ASSERT_TRUE(in_flight.overloaded());
  most.permit.Release();
  const auto one = in_flight.Begin();
  const auto two = in_flight.Begin();
  const auto three = in_flight.Begin();
  EXPECT_TRUE(three.permit);
  EXPECT_FALSE(in_flight.overloaded());
}

TEST(InFlight, AnOverloadedServerDrainsLikeAnyOther) {
  InFlight in_flight({.max = 10, .high = 1, .low = 1});
  int empty = 0;
  auto both = in_flight.Begin(2);
  ASSERT_TRUE(in_flight.overloaded());
  in_flight.StartDraining();
  in_flight.WhenEmpty([&] { ++empty; });
  EXPECT_EQ(empty, 0);
  both.permit.Release();
  EXPECT_EQ(empty, 1);
  EXPECT_EQ(in_flight.outstanding(), 0U);
}

TEST(InFlight, RefusesEverybodyWhenDraining) {
  InFlight in_flight({.max = 3});
  const auto before = in_flight.Begin();
  in_flight.StartDraining();
  const auto after = in_flight.Begin();
  EXPECT_FALSE(after.permit);
  EXPECT_EQ(after.refusal, Refusal::kDraining);
  EXPECT_EQ(in_flight.refused_draining(), 1U);
  EXPECT_EQ(in_flight.outstanding(), 1U);
}

TEST(InFlight, SaysWhenTheLastCallOfADrainHasEnded) {
  InFlight in_flight({.max = 3});
  int empty = 0;
  auto first = in_flight.Begin();
  auto second = in_flight.Begin(2);
  in_flight.StartDraining();
  in_flight.WhenEmpty([&] { ++empty; });
  first.permit.Release();
  EXPECT_EQ(empty, 0);
  second.permit.Release();
  EXPECT_EQ(empty, 1);
}

TEST(InFlight, SaysSoAtOnceWhereNothingIsUnderWay) {
  InFlight in_flight({.max = 3});
  int empty = 0;
  in_flight.StartDraining();
  in_flight.WhenEmpty([&] { ++empty; });
  EXPECT_EQ(empty, 1);
}

TEST(InFlight, IsNotEmptyBeforeItDrains) {
  InFlight in_flight({.max = 3});
  int empty = 0;
  in_flight.WhenEmpty([&] { ++empty; });
  in_flight.Begin();
  EXPECT_EQ(empty, 0);
  in_flight.StartDraining();
  EXPECT_EQ(empty, 1);
}

TEST(InFlight, ThreadsNeverPassTheBoundNorMissTheEnd) {
  InFlight in_flight({.max = 4});
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> empty{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        auto admission = in_flight.Begin(2);
        if (!admission.permit) {
          if (admission.refusal == Refusal::kDraining) return;
          continue;
        }
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --inside;
      }
    });
  }
  in_flight.WhenEmpty([&] { ++empty; });
  while (in_flight.refused_overloaded() < 1000) std::this_thread::yield();
  in_flight.StartDraining();
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_EQ(empty, 1);
  EXPECT_EQ(in_flight.outstanding(), 0U);
}

}  // namespace
}  // namespace frontrunner
