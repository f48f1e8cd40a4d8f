#include "server/sources/computation/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/sources/computation/computation_fixture.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PoolTest : public ComputationTest {
 protected:
  /// One thread that is inside the gate for "first", so all else queues.
  void Begin(ComputationPool::Settings settings, bool heeds_stop = false) {
    pool_ = MakePool(gate_.Function(heeds_stop), settings);
    source_ = MakeComputationSource(loop_, pool_, "computed");
    first_ = Ask(*source_, "first");
    RunUntil([&] { return gate_.entered().size() == 1; });
  }

  Gate gate_;
  std::shared_ptr<ComputationPool> pool_;
  std::shared_ptr<Source> source_;
  std::unique_ptr<Attempt> first_;
};

TEST_F(PoolTest, AnswersWithWhatItsFunctionReturnsButNeverInsideStart) {
  auto source = MakeComputationSource(
      loop_, MakePool([](const CallContext& call, const std::stop_token&) {
        return TextValue(call.table + "/" + call.key);
      }),
      "computed");
  EXPECT_EQ(source->name(), "computed");
  EXPECT_EQ(source->connectivity(), Connectivity::kConnected);
  EXPECT_FALSE(source->peekable());
  auto attempt = Ask(*source, "k");
  EXPECT_THAT(log_, IsEmpty());
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("k -> 't/k'"));
}

TEST_F(PoolTest, AMissIsNotFound) {
  auto source = MakeComputationSource(
      loop_,
      MakePool([](const CallContext&, const std::stop_token&) -> Outcome {
        return absl::NotFoundError("not its kind");
      }),
      "computed");
  auto attempt = Ask(*source, "k");
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("k -> NOT_FOUND: not its kind"));
}

TEST_F(PoolTest, AValueWithoutBytesIsAFailure) {
  auto source = MakeComputationSource(
      loop_, MakePool([](const CallContext&, const std::stop_token&) {
        return Value();
      }),
      "computed");
  auto attempt = Ask(*source, "k");
  RunUntilLogged(1);
  EXPECT_THAT(log_,
              ElementsAre("k -> INTERNAL: the computation returned no bytes"));
}

TEST_F(PoolTest, JobsBeginByPriorityThenInTheOrderOfTheirComing) {
  Begin({});
  auto a = Ask(*source_, "a", 5);
  auto b = Ask(*source_, "b", 1);
  auto c = Ask(*source_, "c", 5);
  auto d = Ask(*source_, "d", -1);
  EXPECT_EQ(pool_->stats().queued, 4u);
  gate_.Open();
  RunUntilLogged(5);
  EXPECT_THAT(gate_.entered(), ElementsAre("first", "d", "b", "a", "c"));
}

TEST_F(PoolTest, AQueuedJobCanBeMadeMoreUrgent) {
  Begin({});
  auto a = Ask(*source_, "a", 5);
  auto b = Ask(*source_, "b", 5);
  b->Reprioritise(1);
  first_->Reprioritise(9);  // it runs: nothing to do
  gate_.Open();
  RunUntilLogged(3);
  EXPECT_THAT(gate_.entered(), ElementsAre("first", "b", "a"));
  a->Reprioritise(0);  // it is over: nothing to do
}

TEST_F(PoolTest, AFullQueueRefusesAndSaysThatItIsOverloaded) {
  Begin({.max_queue = 1});
  auto a = Ask(*source_, "a");
  std::optional<Refusal> refusal;
  auto b = source_->Start(TextQuery("b"), [&](const Outcome& outcome) {
    refusal = RefusalOf(outcome.status());
  });
  auto c = Ask(*source_, "c");
  EXPECT_THAT(log_, IsEmpty());  // not even this inside Start
  loop_.RunUntilIdle();
  EXPECT_EQ(refusal, Refusal::kOverloaded);
  EXPECT_THAT(log_, ElementsAre("c -> RESOURCE_EXHAUSTED: every thread is busy "
                                "and 1 computations are waiting"));
  EXPECT_EQ(pool_->stats().refused, 2u);
  gate_.Open();
  RunUntilLogged(3);
  EXPECT_THAT(gate_.entered(), ElementsAre("first", "a"));
}

TEST_F(PoolTest, WithoutAQueueIdleThreadsStillTakeJobs) {
  Begin({.threads = 2, .max_queue = 0});
  auto a = Ask(*source_, "a");
  auto b = Ask(*source_, "b");
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("b -> RESOURCE_EXHAUSTED: every thread is busy "
                                "and 0 computations are waiting"));
  gate_.Open();
  RunUntilLogged(3);
}

TEST_F(PoolTest, ARefusedAttemptTouchesNoOtherWhenItGoes) {
  Begin({.max_queue = 1});
  auto a = Ask(*source_, "a");
  auto refused = Ask(*source_, "refused");
  refused->Reprioritise(-5);
  refused.reset();
  EXPECT_EQ(pool_->stats().queued, 1u);
  EXPECT_EQ(pool_->stats().dropped, 0u);
  gate_.Open();
  RunUntilLogged(2);
  EXPECT_THAT(log_, ElementsAre("first -> 'first'", "a -> 'a'"));
}

TEST_F(PoolTest, AJobCancelledInTheQueueNeverRunsAndMakesRoom) {
  Begin({.max_queue = 1});
  auto a = Ask(*source_, "a");
  a.reset();
  EXPECT_EQ(pool_->stats().dropped, 1u);
  EXPECT_EQ(pool_->stats().queued, 0u);
  auto b = Ask(*source_, "b");
  gate_.Open();
  RunUntilLogged(2);
  EXPECT_THAT(gate_.entered(), ElementsAre("first", "b"));
}

TEST_F(PoolTest, AJobCancelledWhileRunningIsToldToStop) {
  Begin({}, /*heeds_stop=*/true);
  first_.reset();
  RunUntil([&] { return pool_->stats().ended == 1; });
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(pool_->stats().late, 1u);
}

TEST_F(PoolTest, ADeafJobKeepsItsThreadUntilItEndsAndItsLateCostIsCounted) {
  Begin({.max_queue = 1});
  first_.reset();
  auto a = Ask(*source_, "a");
  auto b = Ask(*source_, "b");
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("b -> RESOURCE_EXHAUSTED: every thread is busy "
                                "and 1 computations are waiting"));
  EXPECT_EQ(pool_->stats().running, 1u);
  EXPECT_EQ(pool_->stats().late, 0u);
  gate_.LetOneOut();
  RunUntil([&] { return gate_.entered().size() == 2; });
  const ComputationStats stats = pool_->stats();
  EXPECT_EQ(stats.late, 1u);
  EXPECT_GT(stats.late_busy, Duration(0));
  EXPECT_GE(stats.busy, stats.late_busy);
  gate_.Open();
  RunUntilLogged(2);
  EXPECT_EQ(log_.back(), "a -> 'a'");
}

TEST_F(PoolTest, AnAttemptDestroyedWithItsOutcomeOnTheWayIsSilent) {
  Begin({});
  gate_.Open();
  while (loop_.pending_tasks() == 0) std::this_thread::yield();
  first_.reset();
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(pool_->stats().late, 0u);
}

TEST_F(PoolTest, CancellingLetsDoneGoAtOnce) {
  Begin({});
  auto held = std::make_shared<int>(1);
  auto running = source_->Start(TextQuery("a"), [held](const Outcome&) {});
  EXPECT_EQ(held.use_count(), 2);
  running.reset();
  EXPECT_EQ(held.use_count(), 1);
  gate_.Open();
}

TEST_F(PoolTest, DoneMayDestroyItsAttemptAndTheLastOfThePool) {
  auto source = MakeComputationSource(
      loop_, MakePool([](const CallContext& call, const std::stop_token&) {
        return TextValue(call.key);
      }),
      "computed");
  std::unique_ptr<Attempt> attempt;
  bool answered = false;
  attempt = source->Start(TextQuery("k"), [&](const Outcome& outcome) {
    source.reset();
    attempt.reset();
    answered = outcome.ok();
  });
  RunUntil([&] { return answered; });
}

TEST_F(PoolTest, AttemptsOutliveTheirSource) {
  Begin({});
  auto a = Ask(*source_, "a");
  source_.reset();
  pool_.reset();
  gate_.Open();
  RunUntilLogged(2);
  EXPECT_THAT(log_, ElementsAre("first -> 'first'", "a -> 'a'"));
}

TEST_F(PoolTest, LoopsShareOnePoolAndEachGetsItsOwnAnswers) {
  Begin({});
  FakeLoop other_loop;
  auto other = MakeComputationSource(other_loop, pool_, "computed");
  auto a = Ask(*other, "a");
  gate_.Open();
  RunUntil([&] { return other_loop.pending_tasks() == 1; });
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("first -> 'first'"));
  other_loop.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("first -> 'first'", "a -> 'a'"));
}

TEST_F(PoolTest, AComputationMayEndAfterItsLoopIsGone) {
  auto other_loop = std::make_unique<FakeLoop>();
  pool_ = MakePool(gate_.Function());
  auto source = MakeComputationSource(*other_loop, pool_, "computed");
  auto attempt = Ask(*source, "a");
  RunUntil([&] { return gate_.entered().size() == 1; });
  attempt.reset();
  source.reset();
  other_loop.reset();
  gate_.Open();
  RunUntil([&] { return pool_->stats().late == 1; });
}

TEST_F(PoolTest, ManyJobsFromManyThreadsAreAnsweredOnce) {
  constexpr int kLoops = 3;
  constexpr int kJobs = 2000;
  pool_ = MakePool([](const CallContext& call,
                      const std::stop_token&) { return TextValue(call.key); },
                   {.threads = 2, .max_queue = 100000});
  std::atomic<int> wrong{0};
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  threads.reserve(kLoops);
  for (int t = 0; t < kLoops; ++t) {
    threads.emplace_back([&] {
      FakeLoop loop;
      auto source = MakeComputationSource(loop, pool_, "computed");
      std::vector<std::unique_ptr<Attempt>> attempts;
      int waiting = 0;
      for (int i = 0; i < kJobs; ++i) {
        const std::string key = std::to_string(i);
        ++waiting;
        attempts.push_back(
            source->Start(TextQuery(key), [&, key](const Outcome& outcome) {
              if (!outcome.ok() || *outcome->bytes != key) ++wrong;
              ++answered;
              --waiting;
            }));
        if (i % 3 == 0) {
          attempts[attempts.size() / 2]->Reprioritise(i % 7);
        }
        // Some have been answered by now, some run, some wait.
        if (i % 5 == 0) loop.RunUntilIdle();
      }
      while (waiting > 0) {
        loop.RunUntilIdle();
        std::this_thread::yield();
      }
      for (int i = 0; i < 200; ++i) {
        auto cancelled =
            source->Start(TextQuery("x"), [&](const Outcome&) { ++wrong; });
        if (i % 2 == 0) std::this_thread::yield();
      }
      loop.RunUntilIdle();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(answered, kLoops * kJobs);
  RunUntil([&] { return pool_->stats().running == 0; });
  const ComputationStats stats = pool_->stats();
  EXPECT_EQ(stats.queued, 0u);
  EXPECT_EQ(stats.begun, stats.ended);
  EXPECT_EQ(stats.begun + stats.dropped, kLoops * (kJobs + 200u));
}

TEST_F(PoolTest, SettingsThatCannotBeAreRefused) {
  EXPECT_EQ(
      ComputationPool::Create(gate_.Function(), {.threads = 0}).status().code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ComputationPool::Create(nullptr, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace frontrunner
