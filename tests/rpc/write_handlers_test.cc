#include "server/rpc/write_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rpc/lookup_handler.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

v1::PutRequest PutOf(std::string_view key, std::string_view value) {
  v1::PutRequest request;
  request.set_table("t");
  request.set_key(std::string(key));
  request.set_value(std::string(value));
  return request;
}

v1::ForgetRequest ForgetOf(std::string_view key) {
  v1::ForgetRequest request;
  request.set_table("t");
  request.set_key(std::string(key));
  return request;
}

std::shared_ptr<FakeSource> Store() {
  return std::make_shared<FakeSource>("redis");
}

void ExpectFailed(const FakeServerCall& call, absl::StatusCode code,
                  std::string_view reason) {
  ASSERT_TRUE(call.finished());
  EXPECT_EQ(call.reply().code, code);
  EXPECT_EQ(Unpack(call.reply()).info.reason(), reason);
}

TEST(PutHandler, AnswersWhenTheCacheHasConfirmed) {
  const auto store = Store();
  HandlerRig rig({.store = store});
  v1::PutRequest request = PutOf("k", "v");
  request.mutable_ttl()->set_seconds(30);
  const auto call = rig.Call<PutHandler>(request);
  rig.Run();
  EXPECT_FALSE(call->finished());
  ASSERT_EQ(store->underway(), 1U);
  EXPECT_EQ(store->last_query().call->key, "k");
  EXPECT_EQ(*store->last_query().to_store->bytes, "v");
  EXPECT_EQ(store->last_query().to_store->ttl, seconds(30));
  EXPECT_EQ(store->last_query().to_store->produced, rig.loop().WallNow());
  store->Answer(TextValue(""));
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
  EXPECT_EQ(call->reply().response, "");
}

TEST(PutHandler, WithoutATtlTheTableDecides) {
  const auto store = Store();
  HandlerRig rig({.store = store});
  const auto call = rig.Call<PutHandler>(PutOf("k", "v"));
  rig.Run();
  EXPECT_EQ(store->last_query().to_store->ttl, std::nullopt);
  store->Answer(TextValue(""));
  rig.Run();
  EXPECT_TRUE(call->finished());
}

TEST(PutHandler, NamesTheCachesThatHaveNotConfirmed) {
  const auto store = Store();
  HandlerRig rig({.store = store});
  const auto call = rig.Call<PutHandler>(PutOf("k", "v"));
  rig.Run();
  store->Answer(absl::UnavailableError("connection refused"));
  rig.Run();
  ExpectFailed(*call, absl::StatusCode::kUnavailable, "CACHES_FAILED");
  EXPECT_THAT(call->reply().message, HasSubstr("redis"));
  EXPECT_TRUE(Unpack(call->reply()).retry);
}

TEST(PutHandler, ServesThoseWhoWait) {
  HandlerRig rig;
  v1::LookupRequest lookup = LookupOf("k");
  lookup.set_wait_for_value(true);
  const auto waiter = rig.Call<LookupHandler>(lookup);
  rig.Run();
  rig.backend().Answer(absl::NotFoundError(""));
  rig.Run();
  ASSERT_FALSE(waiter->finished());
  const auto call = rig.Call<PutHandler>(PutOf("k", "v"));
  rig.Run();
  EXPECT_TRUE(call->finished());
  EXPECT_EQ(ResponseOf(*waiter).value(), "v");
  EXPECT_EQ(ResponseOf(*waiter).source(), "put");
}

TEST(PutHandler, ATtlOfZeroOrLessOrOutOfRangeIsRefused) {
  HandlerRig rig;
  for (const auto& [whole, nanos] :
       std::vector<std::pair<int64_t, int32_t>>{{0, 0},
                                                {-1, 0},
                                                {0, -1},
                                                {1, -1},
                                                {315'576'000'000, 0},
                                                {3'200'000'000, 0},
                                                {0, 1'000'000'000}}) {
    v1::PutRequest request = PutOf("k", "v");
    request.mutable_ttl()->set_seconds(whole);
    request.mutable_ttl()->set_nanos(nanos);
    const auto call = rig.Call<PutHandler>(request);
    ExpectFailed(*call, absl::StatusCode::kInvalidArgument, "INVALID_REQUEST");
  }
}

TEST(PutHandler, AValueAboveTheMaximumIsRefusedAndOneAtItIsNot) {
  HandlerRig rig({.limits = {.max_value = 10}});
  const auto above = rig.Call<PutHandler>(PutOf("k", std::string(11, 'v')));
  ExpectFailed(*above, absl::StatusCode::kInvalidArgument, "INVALID_REQUEST");
  EXPECT_THAT(above->reply().message, Not(HasSubstr("vvv")));
  const auto at = rig.Call<PutHandler>(PutOf("k", std::string(10, 'v')));
  rig.Run();
  ASSERT_TRUE(at->finished());
  EXPECT_EQ(at->reply().code, absl::StatusCode::kOk);
}

TEST(PutHandler, BadKeysAndTablesAreRefused) {
  HandlerRig rig;
  ExpectFailed(*rig.Call<PutHandler>(PutOf("", "v")),
               absl::StatusCode::kInvalidArgument, "INVALID_KEY");
  v1::PutRequest request = PutOf("k", "v");
  request.set_table("u");
  ExpectFailed(*rig.Call<PutHandler>(request),
               absl::StatusCode::kInvalidArgument, "UNKNOWN_TABLE");
  ExpectFailed(*rig.Call<PutHandler>({.request = "\xff"}),
               absl::StatusCode::kInvalidArgument, "INVALID_REQUEST");
}

TEST(Writes, AreRefusedFromElsewhere) {
  HandlerRig rig;
  ExpectFailed(
      *rig.Call<PutHandler>(PutOf("k", "v"), {.peer = Peer::kElsewhere}),
      absl::StatusCode::kPermissionDenied, "WRITES_REFUSED");
  ExpectFailed(
      *rig.Call<ForgetHandler>(ForgetOf("k"), {.peer = Peer::kElsewhere}),
      absl::StatusCode::kPermissionDenied, "WRITES_REFUSED");
  EXPECT_EQ(rig.loop().pending_tasks(), 0U);
}

TEST(Writes, AreTakenFromThisMachineAndFromTheAuthenticated) {
  HandlerRig rig;
  for (const FakeServerCall::Settings& caller :
       {FakeServerCall::Settings{.peer = Peer::kUnixSocket},
        FakeServerCall::Settings{.peer = Peer::kLoopback},
        FakeServerCall::Settings{.peer = Peer::kElsewhere,
        .authenticated = true}}) {
    const auto put = rig.Call<PutHandler>(PutOf("k", "v"), caller);
    const auto forget = rig.Call<ForgetHandler>(ForgetOf("k"), caller);
    rig.Run();
    EXPECT_EQ(put->reply().code, absl::StatusCode::kOk);
    EXPECT_EQ(forget->reply().code, absl::StatusCode::kOk);
  }
}

TEST(Writes, AreOpenToAllWhereTheTableSaysSo) {
  HandlerRig rig({.open_writes = true});
  const auto call =
      rig.Call<PutHandler>(PutOf("k", "v"), {.peer = Peer::kElsewhere});
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
}

TEST(Writes, ADrainingServerRefuses) {
  HandlerRig rig;
  rig.in_flight().StartDraining();
  ExpectFailed(*rig.Call<PutHandler>(PutOf("k", "v")),
               absl::StatusCode::kUnavailable, "DRAINING");
  ExpectFailed(*rig.Call<ForgetHandler>(ForgetOf("k")),
               absl::StatusCode::kUnavailable, "DRAINING");
}

TEST(ForgetHandler, AnswersWhenTheCacheHasConfirmed) {
  const auto store = Store();
  HandlerRig rig({.store = store});
  const auto call = rig.Call<ForgetHandler>(ForgetOf("k"));
  rig.Run();
  EXPECT_FALSE(call->finished());
  ASSERT_EQ(store->underway(), 1U);
  EXPECT_EQ(store->last_query().to_store, nullptr);
  store->Answer(TextValue(""));
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kOk);
}

TEST(ForgetHandler, NamesTheCachesThatHaveNotConfirmed) {
  const auto store = Store();
  HandlerRig rig({.store = store});
  const auto call = rig.Call<ForgetHandler>(ForgetOf("k"));
  rig.Run();
  store->Answer(absl::DeadlineExceededError("slow"));
  rig.Run();
  ExpectFailed(*call, absl::StatusCode::kUnavailable, "CACHES_FAILED");
  EXPECT_THAT(call->reply().message, HasSubstr("redis"));
}

TEST(Writes, Fault15_ACallerWhoLeavesIsAnsweredAndTheWriteGoesOn) {
  const auto store = Store();
  HandlerRig rig({.store = store});
  const auto call = rig.Call<PutHandler>(PutOf("k", "v"));
  rig.Run();
  call->Cancel();
  rig.Run();
  ASSERT_TRUE(call->finished());
  EXPECT_EQ(call->reply().code, absl::StatusCode::kCancelled);
  ASSERT_EQ(store->underway(), 1U);
  store->Answer(TextValue(""));
  rig.Run();
}

}  // namespace
}  // namespace frontrunner
