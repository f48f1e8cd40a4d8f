#include "server/rpc/batch_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "server/tables/key_hash.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::BatchLookupRequest BatchOf(const std::vector<std::string>& keys) {
  v1::BatchLookupRequest request;
  request.set_table("t");
  for (const std::string& key : keys) request.add_keys(key);
  return request;
}

std::vector<std::string> NumberedKeys(size_t count) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  return keys;
}

std::vector<v1::BatchLookupResponse> AnswersOf(const FakeServerCall& call) {
  std::vector<v1::BatchLookupResponse> answers;
  for (const std::string& message : call.written()) {
    EXPECT_TRUE(answers.emplace_back().ParseFromString(message));
    EXPECT_NE(answers.back().has_found(), answers.back().has_failed());
  }
  return answers;
}

std::vector<std::string> KeysOf(const FakeServerCall& call) {
  std::vector<std::string> keys;
  for (const auto& answer : AnswersOf(call)) keys.push_back(answer.key());
  return keys;
}

TEST(BatchHandler, AnswersEachKeyAsItIsReady) {
  HandlerRig rig;
  const auto call = rig.Call<BatchHandler>(BatchOf({"a", "b"}));
  rig.Run();
  ASSERT_EQ(rig.backend().underway(), 2U);
  EXPECT_THAT(call->written(), IsEmpty());
  rig.backend().Answer(TextValue("1"));
  EXPECT_THAT(KeysOf(*call), ElementsAre("a"));
  call->CompleteWrite();
  EXPECT_FALSE(call->finished());
  rig.backend().Answer(TextValue("2"));
  EXPECT_THAT(KeysOf(*call), ElementsAre("a", "b"));
  EXPECT_FALSE(call->finished());
  call->CompleteWrite();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
  EXPECT_EQ(AnswersOf(*call)[1].found().value(), "2");
  EXPECT_EQ(AnswersOf(*call)[1].found().source(), "backend");
}

TEST(BatchHandler, TheAnswersComeInFinishingOrder) {
  HandlerRig rig({.loops = 8});
  const auto call =
      rig.Call<BatchHandler>(BatchOf({"a", "b", "c", "d", "e", "f"}));
  // Loop by loop, so that the keys finish in another order than they came.
  std::vector<std::string> order;
  for (size_t i = 8; i-- > 0;) {
    rig.loop(i).RunUntilIdle();
    while (rig.backend().underway() > 0) {
      rig.backend().Answer(TextValue("v"));
    }
  }
  call->CompleteWrites();
  const std::vector<std::string> keys = KeysOf(*call);
  EXPECT_THAT(std::set<std::string>(keys.begin(), keys.end()), SizeIs(6));
  EXPECT_NE(keys, (std::vector<std::string>{"a", "b", "c", "d", "e", "f"}));
  EXPECT_TRUE(call->finished());
}

TEST(BatchHandler, AnEmptyListIsAnEmptyStream) {
  HandlerRig rig;
  const auto call = rig.Call<BatchHandler>(BatchOf({}));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
  EXPECT_THAT(call->written(), IsEmpty());
}

TEST(BatchHandler, WhatMemoryHasNeedsNoLoop) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  const auto call = rig.Call<BatchHandler>(BatchOf({"a", "b", "c"}));
  call->CompleteWrites();
  EXPECT_TRUE(call->finished());
  EXPECT_THAT(KeysOf(*call), ElementsAre("a", "b", "c"));
  EXPECT_EQ(AnswersOf(*call)[0].found().source(), "near");
  EXPECT_EQ(rig.counters().lookups, 3U);
  EXPECT_EQ(rig.loop().pending_tasks(), 0U);
}

TEST(BatchHandler, AFailedKeyCarriesTheRichStatusOfItsLookup) {
  HandlerRig rig;
  const auto call = rig.Call<BatchHandler>(BatchOf({"a"}));
  rig.Run();
  rig.backend().Answer(absl::UnavailableError("connection refused"));
  rig.Run();
  call->CompleteWrites();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
  const auto answers = AnswersOf(*call);
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].key(), "a");
  const RichError rich = Unpack(answers[0].failed());
  EXPECT_EQ(rich.info.reason(), "ALL_SOURCES_FAILED");
  EXPECT_EQ(rich.status.code(), 14);
  EXPECT_TRUE(rich.report);
}

TEST(BatchHandler, ABadKeyFailsAlone) {
  HandlerRig rig({.limits = {.max_key = 3}});
  const auto call = rig.Call<BatchHandler>(BatchOf({"", "long", "ok"}));
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  call->CompleteWrites();
  ASSERT_TRUE(call->finished());
  std::map<std::string, std::string> reasons;
  for (const auto& answer : AnswersOf(*call)) {
    reasons[answer.key()] = answer.has_failed()
                                ? Unpack(answer.failed()).info.reason()
                                : answer.found().value();
  }
  EXPECT_EQ(reasons,
            (std::map<std::string, std::string>{
                {"", "INVALID_KEY"}, {"long", "INVALID_KEY"}, {"ok", "v"}}));
}

TEST(BatchHandler, TooManyKeysAreRefused) {
  HandlerRig rig({.limits = {.max_batch = 2}});
  const auto call = rig.Call<BatchHandler>(BatchOf({"a", "b", "a"}));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Unpack(call->reply()).info.reason(), "INVALID_REQUEST");
}

TEST(BatchHandler, EachKeyHasItsOwnRaceAndDeadline) {
  HandlerRig rig({.limits = {.batch_window = 1}, .deadline = milliseconds(10)});
  const auto call = rig.Call<BatchHandler>(BatchOf({"a", "b"}));
  rig.Advance(milliseconds(10));
  EXPECT_THAT(KeysOf(*call), ElementsAre("a"));
  call->CompleteWrite();
  rig.Advance(milliseconds(9));
  EXPECT_THAT(KeysOf(*call), ElementsAre("a"));
  rig.Advance(milliseconds(1));
  EXPECT_THAT(KeysOf(*call), ElementsAre("a", "b"));
  call->CompleteWrite();
  EXPECT_TRUE(call->finished());
}

TEST(BatchHandler, PriorityAndPolicyReachTheRace) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("old"));
  v1::BatchLookupRequest request = BatchOf({"a"});
  request.set_priority(5);
  request.set_cache_policy(v1::BYPASS);
  const auto call = rig.Call<BatchHandler>(request);
  rig.Run();
  EXPECT_THAT(rig.backend().priorities(), ElementsAre(5));
  rig.backend().Answer(TextValue("new"));
  call->CompleteWrites();
  EXPECT_TRUE(call->finished());
}

TEST(BatchHandler, ACallerWhoDoesNotReadStopsTheBatch) {
  HandlerRig rig({.limits = {.batch_window = 4}});
  rig.near().set_peek(TextValue("v"));
  const auto call = rig.Call<BatchHandler>(BatchOf(NumberedKeys(100)));
  rig.Run();
  // One is being written and three wait behind it.
  EXPECT_EQ(rig.counters().peek_hits, 4U);
  EXPECT_THAT(call->written(), SizeIs(1));
  call->CompleteWrite();
  EXPECT_EQ(rig.counters().peek_hits, 5U);
  call->CompleteWrites();
  EXPECT_TRUE(call->finished());
  EXPECT_THAT(KeysOf(*call), SizeIs(100));
}

TEST(BatchHandler, CountsItsWindowAsInFlight) {
  HandlerRig rig({.limits = {.batch_window = 4, .max_in_flight = 5}});
  const auto first = rig.Call<BatchHandler>(BatchOf(NumberedKeys(100)));
  EXPECT_EQ(rig.in_flight().outstanding(), 4U);
  const auto second = rig.Call<BatchHandler>(BatchOf({"x", "y"}));
  ASSERT_TRUE(second->finished());
  EXPECT_EQ(Unpack(second->reply()).info.reason(), "OVERLOADED");
  const auto third = rig.Call<BatchHandler>(BatchOf({"x"}));
  EXPECT_FALSE(third->finished());
  first->Cancel();
  third->Cancel();
  rig.Run();
  EXPECT_EQ(rig.in_flight().outstanding(), 0U);
}

TEST(BatchHandler, AWindowAboveTheBoundIsNarrowedToIt) {
  HandlerRig rig({.limits = {.batch_window = 256, .max_in_flight = 3}});
  const auto call = rig.Call<BatchHandler>(BatchOf(NumberedKeys(10)));
  rig.Run();
  EXPECT_EQ(rig.backend().underway(), 3U);
  call->Cancel();
  rig.Run();
  EXPECT_TRUE(call->finished());
}

TEST(BatchFaults, Fault13_AKeyGivenTwiceIsAskedAndAnsweredOnce) {
  HandlerRig rig;
  // Long and short: short strings live inside their objects.
  const std::string big(100, 'b');
  const auto call =
      rig.Call<BatchHandler>(BatchOf({"a", big, "a", "c", big, "a"}));
  rig.Run();
  EXPECT_EQ(rig.backend().started(), 3);
  while (rig.backend().underway() > 0) rig.backend().Answer(TextValue("v"));
  call->CompleteWrites();
  ASSERT_TRUE(call->finished());
  EXPECT_THAT(KeysOf(*call), ElementsAre("a", big, "c"));
}

TEST(BatchFaults, Fault14_TenThousandKeysAreAnsweredInBoundedMemory) {
  HandlerRig rig({.loops = 3});
  const auto call = rig.Call<BatchHandler>(BatchOf(NumberedKeys(10000)));
  size_t most = 0;
  while (!call->finished()) {
    rig.Run();
    most = std::max(most, rig.backend().underway());
    ASSERT_GT(rig.backend().underway(), 0U);
    // Two in three succeed, and the reader is slower than the backend.
    while (rig.backend().underway() > 0) {
      const bool fails = rig.backend().started() % 3 == 0;
      rig.backend().Answer(fails ? Outcome(absl::NotFoundError(""))
                                 : Outcome(TextValue("v")));
    }
    rig.Run();
    call->CompleteWrites();
  }
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
  EXPECT_LE(most, 256U);
  const std::vector<std::string> keys = KeysOf(*call);
  EXPECT_THAT(keys, SizeIs(10000));
  EXPECT_THAT(std::set<std::string>(keys.begin(), keys.end()), SizeIs(10000));
}

TEST(BatchFaults, Fault15_CancelledBeforeHandle) {
  HandlerRig rig;
  const auto call =
      rig.Call<BatchHandler>(BatchOf({"a", "b"}), {.cancelled_before = true});
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_EQ(rig.backend().started(), 0);
}

TEST(BatchFaults, Fault15_CancelledOnItsWayToTheLoops) {
  HandlerRig rig({.loops = 3});
  const auto call = rig.Call<BatchHandler>(BatchOf(NumberedKeys(20)));
  call->Cancel();
  EXPECT_FALSE(call->finished());
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(rig.backend().started(), 0);
}

TEST(BatchFaults, Fault15_CancelledWhileKeysAreUnderWayOnSeveralLoops) {
  HandlerRig rig({.loops = 2});
  const auto call = rig.Call<BatchHandler>(BatchOf(NumberedKeys(20)));
  rig.Run();
  ASSERT_EQ(rig.backend().underway(), 20U);
  call->Cancel();
  EXPECT_FALSE(call->finished());
  rig.loop(0).RunUntilIdle();
  // The call lasts until its last attempt is gone.
  EXPECT_FALSE(call->finished());
  rig.loop(1).RunUntilIdle();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_EQ(rig.backend().underway(), 0U);
}

TEST(BatchFaults, Fault15_CancelledDuringAWriteEndsAfterIt) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  const auto call = rig.Call<BatchHandler>(BatchOf({"a", "b"}));
  ASSERT_TRUE(call->writing());
  call->Cancel();
  rig.Run();
  EXPECT_FALSE(call->finished());
  call->CompleteWrite(false);
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_THAT(call->written(), SizeIs(1));
}

TEST(BatchFaults, Fault15_AFailedWriteEndsTheBatch) {
  HandlerRig rig;
  const auto call = rig.Call<BatchHandler>(BatchOf(NumberedKeys(5)));
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  call->CompleteWrite(false);
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_EQ(rig.backend().underway(), 0U);
}

TEST(BatchFaults, Fault15_AnAnswerAheadOfTheCancellationIsDropped) {
  HandlerRig rig({.loops = 2});
  // One key for each loop, that of loop 0 first.
  std::vector<std::string> keys(2);
  for (const std::string& key : NumberedKeys(20)) {
    keys[KeyHash("t", key) % 2] = key;
  }
  const auto call = rig.Call<BatchHandler>(BatchOf(keys));
  rig.loop(0).RunUntilIdle();
  rig.loop(1).RunUntilIdle();
  ASSERT_EQ(rig.backend().underway(), 2U);
  call->Cancel();
  rig.backend().Answer(TextValue("v"));
  EXPECT_THAT(call->written(), IsEmpty());
  // The key that was answered is not counted as ended a second time.
  rig.loop(0).RunUntilIdle();
  EXPECT_FALSE(call->finished());
  rig.loop(1).RunUntilIdle();
  EXPECT_TRUE(call->finished());
}

}  // namespace
}  // namespace frontrunner
