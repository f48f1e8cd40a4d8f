/// Origin 10, deferredInitMixin: what is asked of a source before it is ready
/// is held and then asked, in order. (deferredinitmixin_test.py shows it of
/// real sources.)

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/status.h"
#include "server/race/race.h"
#include "server/wrappers/ready.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Tells which keys it was asked for, and which attempt it gave last.
class Notes final : public Source {
 public:
  explicit Notes(std::shared_ptr<FakeSource> source)
      : source_(std::move(source)) {}
  std::string_view name() const override { return source_->name(); }
  Connectivity connectivity() const override { return source_->connectivity(); }
  void WhenOpened(absl::AnyInvocable<void() &&> opened) override {
    source_->WhenOpened(std::move(opened));
  }
  std::unique_ptr<Attempt> Start(const Query& query, Done done) override {
    keys.push_back(query.call->key);
    auto attempt = source_->Start(query, std::move(done));
    last = attempt.get();
    return attempt;
  }

  EventLog keys;
  const Attempt* last = nullptr;

 private:
  const std::shared_ptr<FakeSource> source_;
};

class DeferredInitMixin : public testing::Test {
 protected:
  DeferredInitMixin() { late_->set_connectivity(Connectivity::kOpening); }

  std::unique_ptr<Attempt> Ask(Source& source, const std::string& key) {
    return source.Start(TextQuery(key), [this, key](const Outcome& outcome) {
      log_.push_back(key + " " +
                     (outcome.ok()
                          ? *outcome->bytes
                          : std::string(CodeName(outcome.status().code()))));
    });
  }

  FakeLoop loop_;
  EventLog log_;
  std::shared_ptr<FakeSource> late_ = std::make_shared<FakeSource>("late");
  std::shared_ptr<Notes> notes_ = std::make_shared<Notes>(late_);
  std::shared_ptr<Source> ready_ = WithReady(loop_, /*max_held=*/100, notes_);
};

TEST_F(DeferredInitMixin, WhatIsAskedBeforeItIsReadyIsHeldAndThenAskedInOrder) {
  std::vector<std::unique_ptr<Attempt>> attempts;
  for (const char* key : {"c", "a", "b"}) attempts.push_back(Ask(*ready_, key));
  loop_.RunUntilIdle();
  EXPECT_THAT(notes_->keys, IsEmpty());
  late_->set_connectivity(Connectivity::kConnected);
  loop_.RunUntilIdle();
  EXPECT_THAT(notes_->keys, ElementsAre("c", "a", "b"));
  for (int i = 0; i < 3; ++i) late_->Answer(TextValue("v"));
  EXPECT_THAT(log_, ElementsAre("c v", "a v", "b v"));
}

TEST_F(DeferredInitMixin, AfterwardsThereIsNoOverhead) {
  late_->set_connectivity(Connectivity::kConnected);
  loop_.RunUntilIdle();
  const auto attempt = Ask(*ready_, "k");
  EXPECT_EQ(attempt.get(), notes_->last)
      << "who asks holds the source's own attempt, with nothing around it";
  EXPECT_EQ(loop_.pending_tasks(), 0U);
}

TEST_F(DeferredInitMixin, NobodyHasToHandleNotReady) {
  const auto ready_now = std::make_shared<FakeSource>("now");
  Race race(loop_, {"race", {{.source = ready_}, {.source = ready_now}}});
  const auto first = Ask(race, "first");
  ready_now->Answer(TextValue("by now"));
  const auto second = Ask(race, "second");
  late_->set_connectivity(Connectivity::kConnected);
  loop_.RunUntilIdle();
  late_->Answer(TextValue("by late"));
  EXPECT_THAT(log_, ElementsAre("first by now", "second by late"));
}

TEST_F(DeferredInitMixin, IfItFailsTheHeldGetThatFailureFromThatSourceOnly) {
  const auto other = std::make_shared<FakeSource>("other");
  Race race(loop_, {"race", {{.source = ready_}, {.source = other}}});
  std::optional<RaceResult> result;
  const auto run = race.Run(TextQuery("k"), CachePolicy::kDefault,
                            [&](RaceResult its) { result = std::move(its); });
  late_->set_connectivity(Connectivity::kDisconnected);
  loop_.RunUntilIdle();
  late_->Answer(absl::UnavailableError("refused"));
  EXPECT_FALSE(result);
  other->Answer(TextValue("v"));
  ASSERT_TRUE(result && result->outcome.ok());
  EXPECT_EQ(result->entrants[0].verdict, Verdict::kFailed);
  EXPECT_EQ(result->entrants[0].status, absl::UnavailableError("refused"));
  EXPECT_EQ(result->entrants[1].verdict, Verdict::kWon);
}

}  // namespace
}  // namespace frontrunner
