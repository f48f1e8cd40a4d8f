#include "server/sources/memory/memory_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "server/base/status.h"
#include "tests/fakes/fake_source.h"
#include "tests/sources/memory/memory_fixture.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemorySourceTest : public ::testing::Test {
 protected:
  Query QueryFor(std::string_view key) {
    Query query;
    query.call = std::make_shared<const CallContext>(CallFor(key));
    return query;
  }
  Query StoreQuery(std::string_view key, std::string_view bytes,
                   Duration ttl = seconds(60)) {
    Query query = QueryFor(key);
    query.to_store = std::make_shared<const ToStore>(Fresh(loop_, bytes, ttl));
    return query;
  }
  Done Logged(std::string what) {
    return [this, what = std::move(what)](Outcome outcome) {
      log_.push_back(what + " " +
                     (outcome.ok() ? "'" + *outcome->bytes + "'"
                                   : outcome.status().ToString()));
    };
  }

  FakeLoop loop_;
  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>(
      loop_, MemoryStore::Settings{.capacity = 1 << 20});
  Cache cache_ = MakeMemoryCache(loop_, store_, "near");
  EventLog log_;
};

TEST_F(MemorySourceTest, FindsWhatItsStoreStored) {
  auto storing = cache_.store->Start(StoreQuery("k", "v"), Logged("store"));
  auto finding = cache_.find->Start(QueryFor("k"), Logged("find"));
  EXPECT_THAT(log_, IsEmpty());  // never inside Start
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("store ''", "find 'v'"));
}

TEST_F(MemorySourceTest, AMissIsNotFound) {
  auto finding = cache_.find->Start(QueryFor("k"), Logged("find"));
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("find NOT_FOUND: not in memory"));
}

TEST_F(MemorySourceTest, ErasingSucceedsWhetherOrNotItWasThere) {
  store_->Put(CallFor("k"), Fresh(loop_, "v"));
  auto first = cache_.erase->Start(QueryFor("k"), Logged("erase"));
  auto second = cache_.erase->Start(QueryFor("k"), Logged("erase"));
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("erase ''", "erase ''"));
  EXPECT_FALSE(store_->Get(CallFor("k")).has_value());
}

TEST_F(MemorySourceTest, OnlyFindPeeks) {
  EXPECT_TRUE(cache_.find->peekable());
  EXPECT_FALSE(cache_.store->peekable());
  EXPECT_FALSE(cache_.erase->peekable());
  EXPECT_FALSE(cache_.find->Peek(CallFor("k")).has_value());
  store_->Put(CallFor("k"), Fresh(loop_, "v", seconds(60)));
  loop_.Advance(seconds(20));
  const std::optional<Value> value = cache_.find->Peek(CallFor("k"));
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(*value->bytes, "v");
  EXPECT_EQ(value->age, seconds(20));
  EXPECT_EQ(value->fresh_for, seconds(40));
}

TEST_F(MemorySourceTest, ADestroyedAttemptIsSilentAndLetsItsDoneGo) {
  auto held = std::make_shared<int>(1);
  auto finding = cache_.find->Start(
      QueryFor("k"),
      [this, held](const Outcome&) { log_.emplace_back("answered"); });
  EXPECT_EQ(held.use_count(), 2);
  finding.reset();
  EXPECT_EQ(held.use_count(), 1);
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(MemorySourceTest, DoneMayDestroyItsAttemptAndTheSources) {
  std::unique_ptr<Attempt> finding;
  finding = cache_.find->Start(QueryFor("k"), [&](const Outcome& outcome) {
    finding.reset();
    cache_ = Cache{};
    log_.emplace_back(CodeName(outcome.status().code()));
  });
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("NOT_FOUND"));
}

TEST_F(MemorySourceTest, AnAttemptMayOutliveItsAnswerAndTheSources) {
  auto finding = cache_.find->Start(QueryFor("k"), Logged("find"));
  loop_.RunUntilIdle();
  cache_ = Cache{};
  finding.reset();
  EXPECT_EQ(log_.size(), 1u);
}

TEST_F(MemorySourceTest, StoringNothingIsAFailureAndNotACrash) {
  auto storing = cache_.store->Start(QueryFor("k"), Logged("store"));
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("store INTERNAL: nothing to store"));
}

TEST_F(MemorySourceTest, Fault31_AValueTooLargeIsConfirmedWithNothingStored) {
  auto small = std::make_shared<MemoryStore>(
      loop_, MemoryStore::Settings{.capacity = 8192});
  Cache cache = MakeMemoryCache(loop_, small, "small");
  small->Put(CallFor("k"), Fresh(loop_, "old"));
  auto storing = cache.store->Start(StoreQuery("k", std::string(9000, 'x')),
                                    Logged("store"));
  loop_.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("store ''"));
  EXPECT_FALSE(small->Get(CallFor("k")).has_value());
  EXPECT_EQ(small->stats().too_large, 1u);
}

TEST_F(MemorySourceTest, LoopsShareOneStore) {
  FakeLoop other_loop;
  Cache other = MakeMemoryCache(other_loop, store_, "near");
  auto storing = cache_.store->Start(StoreQuery("k", "v"), Logged("store"));
  auto finding = other.find->Start(QueryFor("k"), Logged("find"));
  other_loop.RunUntilIdle();
  EXPECT_THAT(log_, ElementsAre("find 'v'"));
  EXPECT_EQ(other.find->name(), "near");
  EXPECT_EQ(other.find->connectivity(), Connectivity::kConnected);
}

}  // namespace
}  // namespace frontrunner
