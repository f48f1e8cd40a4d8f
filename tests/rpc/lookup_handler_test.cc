#include "server/rpc/lookup_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rpc/write_handlers.h"
#include "server/tables/key_hash.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LookupHandler, AHitInMemoryIsAnsweredInsideHandle) {
  HandlerRig rig;
  Value value = TextValue("v");
  value.age = milliseconds(2500);
  value.fresh_for = seconds(60);
  rig.near().set_peek(value);
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  const v1::LookupResponse response = ResponseOf(*call);
  EXPECT_EQ(response.value(), "v");
  EXPECT_EQ(response.source(), "near");
  EXPECT_EQ(response.age().seconds(), 2);
  EXPECT_EQ(response.age().nanos(), 500'000'000);
  EXPECT_EQ(response.fresh_for().seconds(), 60);
  EXPECT_FALSE(response.has_report());
  EXPECT_EQ(rig.loop().pending_tasks(), 0U);
}

TEST(LookupHandler, AHitInMemoryCountsAsALookup) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  rig.Call<LookupHandler>(LookupOf("k"));
  EXPECT_EQ(rig.counters().lookups, 1U);
  EXPECT_EQ(rig.counters().peek_hits, 1U);
  EXPECT_EQ(rig.counters().races, 0U);
}

TEST(LookupHandler, ALookupThatRacesCountsOnce) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  EXPECT_EQ(rig.counters().lookups, 1U);
  EXPECT_EQ(rig.counters().races, 1U);
}

TEST(LookupHandler, TheReportOfAHitInMemoryHasTheOthersNotStarted) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  v1::LookupRequest request = LookupOf("k");
  request.set_include_report(true);
  const v1::RaceReport report =
      ResponseOf(*rig.Call<LookupHandler>(request)).report();
  ASSERT_EQ(report.entrants_size(), 2);
  EXPECT_EQ(report.entrants(0).source(), "near");
  EXPECT_EQ(report.entrants(0).verdict(), v1::WON);
  EXPECT_TRUE(report.entrants(0).has_finished_after());
  EXPECT_EQ(report.entrants(1).source(), "backend");
  EXPECT_EQ(report.entrants(1).verdict(), v1::NOT_STARTED);
  EXPECT_FALSE(report.entrants(1).has_started_after());
}

TEST(LookupHandler, WhatMemoryDoesNotHaveIsAnsweredFromTheLoop) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  EXPECT_FALSE(call->finished());
  EXPECT_EQ(rig.backend().started(), 0);
  rig.Run();
  EXPECT_FALSE(call->finished());
  ASSERT_EQ(rig.backend().underway(), 1U);
  rig.backend().Answer(TextValue("v"));
  EXPECT_EQ(ResponseOf(*call).value(), "v");
  EXPECT_EQ(ResponseOf(*call).source(), "backend");
}

TEST(LookupHandler, TheSourcesAreAskedWithTheWholeContext) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_priority(-3);
  const auto call = rig.Call<LookupHandler>(
      request, {.metadata = {{"frontrunner-hops", "2"}}});
  rig.Run();
  const Query& query = rig.backend().last_query();
  EXPECT_EQ(query.call->table, "t");
  EXPECT_EQ(query.call->key, "k");
  EXPECT_EQ(query.call->version, 7U);
  EXPECT_EQ(query.call->hash, KeyHash("t", "k"));
  EXPECT_EQ(query.call->hops, 2);
  EXPECT_EQ(query.priority, -3);
  rig.backend().Answer(TextValue("v"));
}

TEST(LookupHandler, AKeyGoesToTheLoopThatOwnsIt) {
  HandlerRig rig({.loops = 3});
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  const size_t owner = KeyHash("t", "k") % 3;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rig.loop(i).pending_tasks(), i == owner ? 1U : 0U);
  }
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  EXPECT_TRUE(call->finished());
}

TEST(LookupHandler, TheReportComesWhenAskedFor) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_include_report(true);
  const auto call = rig.Call<LookupHandler>(request);
  rig.Run();
  rig.Advance(milliseconds(3));
  rig.backend().Answer(TextValue("v"));
  const v1::RaceReport report = ResponseOf(*call).report();
  ASSERT_EQ(report.entrants_size(), 2);
  EXPECT_EQ(report.entrants(0).verdict(), v1::MISSED);
  EXPECT_EQ(report.entrants(1).verdict(), v1::WON);
  EXPECT_EQ(report.entrants(1).finished_after().nanos(), 3'000'000);
  EXPECT_EQ(report.elapsed().nanos(), 3'000'000);
  EXPECT_FALSE(report.coalesced());
}

TEST(LookupHandler, WithoutAskingThereIsNoReport) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  EXPECT_FALSE(ResponseOf(*call).has_report());
}

TEST(LookupHandler, BypassDoesNotLookIntoMemory) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("old"));
  v1::LookupRequest request = LookupOf("k");
  request.set_cache_policy(v1::BYPASS);
  const auto call = rig.Call<LookupHandler>(request);
  rig.Run();
  ASSERT_FALSE(call->finished());
  rig.backend().Answer(TextValue("new"));
  EXPECT_EQ(ResponseOf(*call).value(), "new");
}

TEST(LookupHandler, OnlyLooksIntoMemory) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  v1::LookupRequest request = LookupOf("k");
  request.set_cache_policy(v1::ONLY);
  EXPECT_EQ(ResponseOf(*rig.Call<LookupHandler>(request)).value(), "v");
}

TEST(LookupHandler, OnlyThatFindsNothingAsksNoBackend) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_cache_policy(v1::ONLY);
  const auto call = rig.Call<LookupHandler>(request);
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kNotFound);
  EXPECT_EQ(rig.backend().started(), 0);
}

TEST(LookupHandler, AFailureNamesEachSourceWithItsCode) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  rig.backend().Answer(absl::UnavailableError("connection refused"));
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call->reply().message,
            "No source of table \"t\" answered: near said NOT_FOUND, backend "
            "failed with UNAVAILABLE (connection refused).");
  const RichError rich = Unpack(call->reply());
  EXPECT_EQ(rich.info.reason(), "ALL_SOURCES_FAILED");
  ASSERT_TRUE(rich.report);
  EXPECT_EQ(rich.report->entrants_size(), 2);
  EXPECT_TRUE(rich.retry);
}

TEST(LookupHandler, WaitsForAValueWhenAskedTo) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_wait_for_value(true);
  const auto call = rig.Call<LookupHandler>(
      request, {.deadline = rig.loop().Now() + seconds(2)});
  rig.Run();
  rig.backend().Answer(absl::NotFoundError(""));
  rig.Advance(seconds(1));
  EXPECT_FALSE(call->finished());
  rig.Advance(seconds(1));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Unpack(call->reply()).info.reason(), "DEADLINE");
  EXPECT_THAT(call->reply().message, HasSubstr("nobody put a value"));
}

TEST(LookupHandler, WhoWaitsForAValueIsInFlightNoMore) {
  HandlerRig rig({.limits = {.max_in_flight = 1}});
  v1::LookupRequest request = LookupOf("k");
  request.set_wait_for_value(true);
  const auto first = rig.Call<LookupHandler>(request);
  rig.Run();
  EXPECT_EQ(rig.in_flight().outstanding(), 1U);
  rig.backend().Answer(absl::NotFoundError(""));
  EXPECT_FALSE(first->finished());
  EXPECT_EQ(rig.in_flight().outstanding(), 0U);
  const auto second = rig.Call<LookupHandler>(request);
  rig.Run();
  rig.backend().Answer(absl::NotFoundError(""));
  EXPECT_FALSE(second->finished());
  EXPECT_EQ(rig.counters().waiting, 2U);
  second->Cancel();
  rig.Run();
  EXPECT_EQ(rig.counters().waiting, 1U);
  v1::PutRequest put;
  put.set_table("t");
  put.set_key("k");
  put.set_value("v");
  const auto writer = rig.Call<PutHandler>(put);
  rig.Run();
  EXPECT_EQ(ResponseOf(*first).value(), "v");
  EXPECT_EQ(ResponseOf(*first).source(), "put");
  EXPECT_EQ(rig.in_flight().outstanding(), 0U);
  EXPECT_EQ(rig.counters().waiting, 0U);
}

TEST(LookupHandler, DrainingAnswersThoseWhoWaitThoughNoneIsInFlight) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_wait_for_value(true);
  const auto call = rig.Call<LookupHandler>(request);
  rig.Run();
  rig.backend().Answer(absl::NotFoundError(""));
  rig.in_flight().StartDraining();
  bool empty = false;
  rig.in_flight().WhenEmpty([&] { empty = true; });
  EXPECT_TRUE(empty);
  EXPECT_FALSE(call->finished());
  rig.table().shards().front()->Drain();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kUnavailable);
  const RichError rich = Unpack(call->reply());
  EXPECT_EQ(rich.info.reason(), "DRAINING");
  EXPECT_TRUE(rich.retry);
}

TEST(LookupHandler, ADrainingServerRefuses) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  rig.in_flight().StartDraining();
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kUnavailable);
  const RichError rich = Unpack(call->reply());
  EXPECT_EQ(rich.info.reason(), "DRAINING");
  EXPECT_EQ(rich.retry->retry_delay().nanos(), 100'000'000);
}

TEST(LookupHandler, ACallAboveTheBoundIsRefusedAndTheNextIsNot) {
  HandlerRig rig({.limits = {.max_in_flight = 1}});
  const auto first = rig.Call<LookupHandler>(LookupOf("a"));
  const auto second = rig.Call<LookupHandler>(LookupOf("b"));
  ASSERT_TRUE(second->finished());
  EXPECT_EQ(second->reply().code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Unpack(second->reply()).info.reason(), "OVERLOADED");
  EXPECT_TRUE(Unpack(second->reply()).retry);
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  const auto third = rig.Call<LookupHandler>(LookupOf("c"));
  EXPECT_FALSE(third->finished());
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  EXPECT_TRUE(third->finished());
}

TEST(LookupHandler, EightHopsAreTooMany) {
  HandlerRig rig;
  for (const char* hops : {"8", "9", "2000"}) {
    const auto call = rig.Call<LookupHandler>(
        LookupOf("k"), {.metadata = {{"frontrunner-hops", hops}}});
    ASSERT_TRUE(call->finished());
    EXPECT_EQ(call->reply().code, absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(Unpack(call->reply()).info.reason(), "TOO_MANY_HOPS");
  }
}

TEST(LookupHandler, SevenHopsAreNotTooMany) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  const auto call = rig.Call<LookupHandler>(
      LookupOf("k"), {.metadata = {{"frontrunner-hops", "7"}}});
  EXPECT_EQ(ResponseOf(*call).value(), "v");
}

TEST(LookupHandler, HopsThatAreNoNumberAreRefused) {
  HandlerRig rig;
  for (const char* hops : {"", "x", "1x", "-1", " 1", "+1", "99999999999"}) {
    const auto call = rig.Call<LookupHandler>(
        LookupOf("k"), {.metadata = {{"frontrunner-hops", hops}}});
    ASSERT_TRUE(call->finished());
    EXPECT_EQ(call->reply().code, absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Unpack(call->reply()).info.reason(), "INVALID_REQUEST");
  }
}

TEST(LookupHandler, MalformedBytesAreRefused) {
  HandlerRig rig;
  const auto call =
      rig.Call<LookupHandler>({.request = std::string("\x0a\xff", 2)});
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Unpack(call->reply()).info.reason(), "INVALID_REQUEST");
}

TEST(LookupHandler, CallersOfOneKeyShareARaceAndOneMayLeave) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_include_report(true);
  const auto first = rig.Call<LookupHandler>(request);
  const auto second = rig.Call<LookupHandler>(request);
  rig.Run();
  first->Cancel();
  rig.Run();
  EXPECT_EQ(first->reply().code, absl::StatusCode::kCancelled);
  ASSERT_EQ(rig.backend().started(), 1);
  ASSERT_EQ(rig.backend().underway(), 1U);
  rig.backend().Answer(TextValue("v"));
  EXPECT_TRUE(ResponseOf(*second).report().coalesced());
}

TEST(LookupHandler, AResultInTheSameTurnAsTheCancellationWins) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  call->Cancel();  // posted, but not there yet
  rig.backend().Answer(TextValue("v"));
  EXPECT_EQ(ResponseOf(*call).value(), "v");
  rig.Run();
}

TEST(LookupHandler, ACancellationAfterTheEndIsNothing) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  rig.backend().Answer(TextValue("v"));
  call->Cancel();
  rig.Run();
  EXPECT_EQ(ResponseOf(*call).value(), "v");
}

}  // namespace
}  // namespace frontrunner
