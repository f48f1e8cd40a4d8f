// The rows of FAULTS that are about requests, as the handlers see them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rpc/lookup_handler.h"
#include "server/rpc/tables_directory.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

void ExpectRefused(const FakeServerCall& call, std::string_view reason) {
  ASSERT_TRUE(call.finished());
  EXPECT_EQ(call.reply().code, absl::StatusCode::kInvalidArgument);
  const RichError rich = Unpack(call.reply());
  EXPECT_EQ(rich.info.reason(), reason);
  EXPECT_FALSE(rich.report);
  EXPECT_FALSE(rich.retry);
}

/// Raced, answered and equal.
void ExpectAnswered(HandlerRig& rig, const v1::LookupRequest& request) {
  const auto call = rig.Call<LookupHandler>(request);
  rig.Run();
  ASSERT_EQ(rig.backend().underway(), 1U);
  EXPECT_EQ(rig.backend().last_query().call->key, request.key());
  rig.backend().Answer(TextValue("v"));
  EXPECT_EQ(ResponseOf(*call).value(), "v");
}

TEST(RequestFaults, Fault01_AnEmptyKeyIsRefused) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf(""));
  ExpectRefused(*call, "INVALID_KEY");
  EXPECT_EQ(rig.loop().pending_tasks(), 0U);
}

TEST(RequestFaults, Fault02_AKeyOf250BytesIsTaken) {
  HandlerRig rig;
  ExpectAnswered(rig, LookupOf(std::string(250, 'k')));
}

TEST(RequestFaults, Fault03_KeysOf251BytesAnd64KiBAreTaken) {
  HandlerRig rig;
  ExpectAnswered(rig, LookupOf(std::string(251, 'k')));
  ExpectAnswered(rig, LookupOf(std::string(65536, 'k')));
}

TEST(RequestFaults, Fault04_KeysOfAnyBytesAreTaken) {
  HandlerRig rig;
  for (const std::string_view bytes :
       {"\r\n", " ", "\t", "\x01", "\x7f", "\xff\xfe"}) {
    ExpectAnswered(rig, LookupOf(bytes));
  }
  ExpectAnswered(rig, LookupOf(std::string(1, '\0')));
}

TEST(RequestFaults, Fault05_AKeyAboveTheMaximumIsRefused) {
  HandlerRig rig;
  const std::string key(65537, 'k');
  const auto call = rig.Call<LookupHandler>(LookupOf(key));
  ExpectRefused(*call, "INVALID_KEY");
  EXPECT_THAT(call->reply().message, HasSubstr("65537"));
  EXPECT_THAT(call->reply().message, HasSubstr("65536"));
  EXPECT_THAT(call->reply().message, Not(HasSubstr("kkk")));
}

TEST(RequestFaults, Fault06_AnUnknownTableIsRefusedWithNearNames) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_table("tt");
  const auto call = rig.Call<LookupHandler>(request);
  ExpectRefused(*call, "UNKNOWN_TABLE");
  EXPECT_EQ(call->reply().message, "There is no table \"tt\".");
  EXPECT_EQ(Unpack(call->reply()).info.metadata().at("table"), "tt");
}

TEST(RequestFaults, Fault07_ATableNameThatIsNotUtf8IsRefused) {
  HandlerRig rig;
  // Field 1 "\xff\xfe", field 2 "k".
  const auto call = rig.Call<LookupHandler>(
      {.request = std::string("\x0a\x02\xff\xfe\x12\x01k", 7)});
  ExpectRefused(*call, "INVALID_REQUEST");
  ExpectAnswered(rig, LookupOf("k"));
}

TEST(RequestFaults, Fault09_WithoutADeadlineTheTablesHolds) {
  HandlerRig rig({.deadline = milliseconds(500)});
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Advance(milliseconds(499));
  EXPECT_FALSE(call->finished());
  rig.Advance(milliseconds(1));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kDeadlineExceeded);
  const RichError rich = Unpack(call->reply());
  EXPECT_EQ(rich.info.reason(), "DEADLINE");
  EXPECT_FALSE(rich.retry);
  ASSERT_TRUE(rich.report);
  EXPECT_EQ(rich.report->entrants(1).verdict(), v1::CANCELLED);
  EXPECT_EQ(rich.report->entrants(1).code(), 4);
  EXPECT_THAT(call->reply().message,
              HasSubstr("backend was cancelled with DEADLINE_EXCEEDED"));
}

TEST(RequestFaults, Fault10_ADeadlineAlreadyOverStartsNobody) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(
      LookupOf("k"), {.deadline = rig.loop().Now() - milliseconds(1)});
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kDeadlineExceeded);
  const RichError rich = Unpack(call->reply());
  EXPECT_EQ(rich.info.reason(), "DEADLINE");
  EXPECT_FALSE(rich.report);
  EXPECT_EQ(rig.backend().started(), 0);
}

TEST(RequestFaults, Fault11_AHugeDeadlineIsClampedToTheTables) {
  HandlerRig rig({.deadline = milliseconds(500)});
  const auto call = rig.Call<LookupHandler>(
      LookupOf("k"), {.deadline = rig.loop().Now() + hours(24 * 365)});
  rig.Advance(milliseconds(499));
  EXPECT_FALSE(call->finished());
  rig.Advance(milliseconds(1));
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kDeadlineExceeded);
}

TEST(RequestFaults, Fault12_UnknownFieldsAndPoliciesAreTolerated) {
  HandlerRig rig;
  rig.near().set_peek(TextValue("v"));
  v1::LookupRequest request = LookupOf("k");
  request.set_cache_policy(static_cast<v1::CachePolicy>(77));
  // Field 1000, a varint.
  const std::string unknown("\xc0\x3e\x05", 3);
  const auto call = rig.Call<LookupHandler>(
      {.request = request.SerializeAsString() + unknown});
  // As DEFAULT, which looks into memory.
  EXPECT_EQ(ResponseOf(*call).value(), "v");
}

TEST(RequestFaults, Fault15_CancelledBeforeHandle) {
  HandlerRig rig;
  const auto call =
      rig.Call<LookupHandler>(LookupOf("k"), {.cancelled_before = true});
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_EQ(rig.backend().started(), 0);
}

TEST(RequestFaults, Fault15_CancelledOnItsWayToTheLoop) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  call->Cancel();
  EXPECT_FALSE(call->finished());
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_EQ(rig.backend().underway(), 0U);
}

TEST(RequestFaults, Fault15_CancelledWhileTheBackendIsAsked) {
  HandlerRig rig;
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  ASSERT_EQ(rig.backend().underway(), 1U);
  call->Cancel();
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  EXPECT_THAT(rig.log(), ElementsAre("backend start", "backend cancel"));
}

TEST(RequestFaults, Fault15_CancelledWhileItWaitsForAValue) {
  HandlerRig rig;
  v1::LookupRequest request = LookupOf("k");
  request.set_wait_for_value(true);
  const auto call = rig.Call<LookupHandler>(request);
  rig.Run();
  rig.backend().Answer(absl::NotFoundError(""));
  rig.Run();
  EXPECT_FALSE(call->finished());
  EXPECT_EQ(rig.counters().waiting, 1U);
  call->Cancel();
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(rig.counters().waiting, 0U);
}

TEST(RequestFaults, Fault15_CancelledTogetherWithItsDeadline) {
  HandlerRig rig({.deadline = milliseconds(500)});
  const auto call = rig.Call<LookupHandler>(LookupOf("k"));
  rig.Run();
  rig.loop().Advance(milliseconds(500));
  call->Cancel();
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(rig.backend().underway(), 0U);
}

}  // namespace
}  // namespace frontrunner
