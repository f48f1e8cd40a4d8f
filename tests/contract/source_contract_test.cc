// What every source and every wrapper promises (server/race/source.h), held
// against each of them on a real loop.

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/subject.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;

class SourceContract : public ::testing::TestWithParam<SubjectCase> {
 protected:
  void SetUp() override {
    loop_.Start();
    OnLoop([this] { subject_ = GetParam().make(loop_); });
    // A cache's first connection and its filling are behind us.
    ASSERT_TRUE(AskUntilFound());
  }

  void TearDown() override {
    OnLoop([this] {
      attempts_.clear();
      subject_.source = nullptr;
    });
    loop_.Stop();
    loop_.Join();
  }

  void OnLoop(const std::function<void()>& work) {
    ASSERT_TRUE(loop_.RunAndWait(work));
  }

  /// Starts attempt `id`; its outcome goes to outcomes_[id]. On the loop.
  void Start(int id, std::string_view key,
             std::function<void()> then = nullptr) {
    attempts_[id] = subject_.source->Start(
        ContractQuery(key),
        [this, id, then = std::move(then)](Outcome outcome) {
          const std::lock_guard lock(mutex_);
          outcomes_[id].push_back(std::move(outcome));
          if (then) then();
          changed_.notify_all();
        });
  }

  /// How many outcomes attempt `id` has had.
  size_t Outcomes(int id) {
    const std::lock_guard lock(mutex_);
    return outcomes_[id].size();
  }

  /// Waits until attempts first … last have had an outcome.
  bool WaitFor(int first, int last) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(20), [&] {
      for (int id = first; id <= last; ++id) {
        if (outcomes_[id].empty()) return false;
      }
      return true;
    });
  }

  /// Asks once more and waits, so that whatever came before has been told.
  Outcome Ask(std::string_view key) {
    const int id = next_ask_++;
    OnLoop([&] { Start(id, key); });
    if (!WaitFor(id, id)) return absl::DeadlineExceededError("no outcome");
    const std::lock_guard lock(mutex_);
    return outcomes_[id].front();
  }

  bool AskUntilFound() {
    for (int tries = 0; tries < 2000; ++tries) {
      if (Ask(kPresentKey).ok()) return true;
    }
    return false;
  }

  EventLoop loop_{EventLoop::Settings{}};
  Subject subject_;
  std::map<int, std::unique_ptr<Attempt>> attempts_;
  std::mutex mutex_;  // guards outcomes_
  std::condition_variable changed_;
  std::map<int, std::vector<Outcome>> outcomes_;
  int next_ask_ = 1000000;
};

TEST_P(SourceContract, HasAName) {
  OnLoop([this] { EXPECT_FALSE(subject_.source->name().empty()); });
}

TEST_P(SourceContract, WhatIsThereIsFound) {
  const Outcome outcome = Ask(kPresentKey);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome->bytes, kPresentValue);
  EXPECT_GE(outcome->age, Duration(0));
}

TEST_P(SourceContract, AMissIsNotFound) {
  EXPECT_EQ(Ask("absent").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(SourceContract, FailuresDoNotNameTheKey) {
  EXPECT_EQ(Ask("absent-secret").status().message().find("secret"),
            absl::string_view::npos);
}

TEST_P(SourceContract, IsConnectedOnceItHasAnswered) {
  EXPECT_EQ(subject_.source->connectivity(), Connectivity::kConnected);
}

TEST_P(SourceContract, NeverAnswersInsideStart) {
  OnLoop([this] {
    Start(1, kPresentKey);
    EXPECT_EQ(Outcomes(1), 0U);
    Start(2, "absent");
    EXPECT_EQ(Outcomes(2), 0U);
  });
  EXPECT_TRUE(WaitFor(1, 2));
}

TEST_P(SourceContract, EveryAttemptIsAnsweredExactlyOnce) {
  constexpr int kAttempts = 500;
  OnLoop([this] {
    for (int id = 1; id <= kAttempts; ++id) {
      Start(id, id % 2 == 0 ? kPresentKey : "absent");
    }
  });
  ASSERT_TRUE(WaitFor(1, kAttempts));
  (void)Ask(kPresentKey);
  for (int id = 1; id <= kAttempts; ++id) {
    ASSERT_EQ(Outcomes(id), 1U) << id;
    EXPECT_EQ(outcomes_[id].front().ok(), id % 2 == 0) << id;
  }
}

TEST_P(SourceContract, AnAttemptDestroyedInItsTurnIsNeverAnswered) {
  OnLoop([this] {
    for (int id = 1; id <= 100; ++id) {
      Start(id, kPresentKey);
      if (id % 2 == 0) attempts_[id] = nullptr;
    }
  });
  ASSERT_TRUE(Ask(kPresentKey).ok());
  ASSERT_TRUE(Ask(kPresentKey).ok());
  for (int id = 2; id <= 100; id += 2) EXPECT_EQ(Outcomes(id), 0U) << id;
  for (int id = 1; id <= 100; id += 2) EXPECT_TRUE(WaitFor(id, id)) << id;
}

TEST_P(SourceContract, AnAttemptDestroyedAFewTurnsLaterIsAnsweredOnceOrNever) {
  std::vector<size_t> before(101);
  for (int id = 1; id <= 100; ++id) {
    OnLoop([&] { Start(id, kPresentKey); });
    for (int turns = 0; turns < id % 4; ++turns) OnLoop([] {});
    OnLoop([&] {
      before[id] = Outcomes(id);
      attempts_[id] = nullptr;
    });
  }
  ASSERT_TRUE(Ask(kPresentKey).ok());
  ASSERT_TRUE(Ask(kPresentKey).ok());
  for (int id = 1; id <= 100; ++id) {
    EXPECT_LE(before[id], 1U);
    EXPECT_EQ(Outcomes(id), before[id]) << "told after its end";
  }
}

TEST_P(SourceContract, DoneMayDestroyItsAttempt) {
  OnLoop([this] {
    Start(1, kPresentKey, [this] { attempts_[1] = nullptr; });
    Start(2, "absent", [this] { attempts_[2] = nullptr; });
  });
  EXPECT_TRUE(WaitFor(1, 2));
  EXPECT_TRUE(Ask(kPresentKey).ok());
}

TEST_P(SourceContract, DoneMayDestroyOtherAttempts) {
  OnLoop([this] {
    Start(1, kPresentKey, [this] {
      for (int id = 2; id <= 50; ++id) attempts_[id] = nullptr;
    });
    for (int id = 2; id <= 50; ++id) Start(id, kPresentKey);
  });
  ASSERT_TRUE(WaitFor(1, 1));
  // Whoever was not answered before the first is not answered any more.
  std::map<int, size_t> by_then;
  OnLoop([&] {
    for (int id = 2; id <= 50; ++id) by_then[id] = Outcomes(id);
  });
  ASSERT_TRUE(Ask(kPresentKey).ok());
  for (int id = 2; id <= 50; ++id) EXPECT_EQ(Outcomes(id), by_then[id]);
}

TEST_P(SourceContract, DoneMayStartAnother) {
  OnLoop([this] {
    Start(1, kPresentKey,
          [this] { loop_.Post([this] { Start(3, kPresentKey); }); });
    attempts_[2] = subject_.source->Start(
        ContractQuery(kPresentKey), [this](Outcome) { Start(4, "absent"); });
  });
  EXPECT_TRUE(WaitFor(3, 4));
}

TEST_P(SourceContract, TheQueryNeedNotOutliveStart) {
  OnLoop([this] {
    auto query = std::make_unique<Query>(ContractQuery(kPresentKey));
    attempts_[1] = subject_.source->Start(*query, [this](Outcome outcome) {
      const std::lock_guard lock(mutex_);
      outcomes_[1].push_back(std::move(outcome));
      changed_.notify_all();
    });
  });
  ASSERT_TRUE(WaitFor(1, 1));
  EXPECT_TRUE(outcomes_[1].front().ok());
}

TEST_P(SourceContract, ReprioritisingIsHarmless) {
  OnLoop([this] {
    Start(1, kPresentKey);
    attempts_[1]->Reprioritise(-5);
  });
  EXPECT_TRUE(WaitFor(1, 1));
}

std::string NameOf(const ::testing::TestParamInfo<SubjectCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Local, SourceContract,
                         ::testing::ValuesIn(LocalSubjects()), NameOf);
INSTANTIATE_TEST_SUITE_P(Remote, SourceContract,
                         ::testing::ValuesIn(RemoteSubjects()), NameOf);

}  // namespace
}  // namespace frontrunner
