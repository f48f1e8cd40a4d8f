#include "server/rpc/in_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace frontrunner {
namespace {

TEST(InFlight, CountsPermits) {
  InFlight in_flight(10);
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
  InFlight in_flight(3);
  const auto first = in_flight.Begin(2);
  const auto second = in_flight.Begin(2);
  EXPECT_FALSE(second.permit);
  EXPECT_EQ(second.refusal, Refusal::kOverloaded);
  EXPECT_EQ(in_flight.outstanding(), 2U);
  EXPECT_EQ(in_flight.refused_overloaded(), 1U);
  EXPECT_TRUE(in_flight.Begin(1).permit);
}

TEST(InFlight, ACountAboveTheBoundGetsInAlone) {
  InFlight in_flight(3);
  auto all = in_flight.Begin(100);
  EXPECT_TRUE(all.permit);
  EXPECT_EQ(in_flight.outstanding(), 3U);
  EXPECT_FALSE(in_flight.Begin().permit);
  all.permit.Release();
  EXPECT_EQ(in_flight.outstanding(), 0U);
}

TEST(InFlight, WithRoomForNobodyEverybodyIsRefused) {
  InFlight in_flight(0);
  EXPECT_FALSE(in_flight.Begin().permit);
}

TEST(InFlight, RefusesEverybodyWhenDraining) {
  InFlight in_flight(3);
  const auto before = in_flight.Begin();
  in_flight.StartDraining();
  const auto after = in_flight.Begin();
  EXPECT_FALSE(after.permit);
  EXPECT_EQ(after.refusal, Refusal::kDraining);
  EXPECT_EQ(in_flight.refused_draining(), 1U);
  EXPECT_EQ(in_flight.outstanding(), 1U);
}

TEST(InFlight, SaysWhenTheLastCallOfADrainHasEnded) {
  InFlight in_flight(3);
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
  InFlight in_flight(3);
  int empty = 0;
  in_flight.StartDraining();
  in_flight.WhenEmpty([&] { ++empty; });
  EXPECT_EQ(empty, 1);
}

TEST(InFlight, IsNotEmptyBeforeItDrains) {
  InFlight in_flight(3);
  int empty = 0;
  in_flight.WhenEmpty([&] { ++empty; });
  in_flight.Begin();
  EXPECT_EQ(empty, 0);
  in_flight.StartDraining();
  EXPECT_EQ(empty, 1);
}

TEST(InFlight, ThreadsNeverPassTheBoundNorMissTheEnd) {
  InFlight in_flight(4);
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
