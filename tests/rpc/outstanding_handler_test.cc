#include "server/rpc/outstanding_handler.h"

#include <gtest/gtest.h>

#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/drain_handler.h"
#include "server/rpc/lookup_handler.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;

class OutstandingTest : public ::testing::Test {
 protected:
  std::unique_ptr<FakeServerCall> Ask(int max_lookups = 0) {
    v1::ListOutstandingRequest request;
    request.set_max_lookups(max_lookups);
    auto call = std::make_unique<FakeServerCall>(
        FakeServerCall::Settings{.request = request.SerializeAsString()});
    handler_.Handle(*call);
    return call;
  }
  v1::ListOutstandingResponse List(int max_lookups = 0) {
    const auto call = Ask(max_lookups);
    EXPECT_FALSE(call->finished()) << "before the loops have been asked";
    rig_.Run();
    v1::ListOutstandingResponse response;
    EXPECT_TRUE(response.ParseFromString(call->reply().response));
    return response;
  }

  HandlerRig rig_{{.loops = 2}};
  TablesServing serving_{rig_.tables(), nullptr};
  ListOutstandingHandler handler_{rig_.tables(), rig_.in_flight(), serving_,
                                  rig_.loop(), rig_.errors()};
};

TEST_F(OutstandingTest, AnIdleServerHasNone) {
  const auto response = List();
  EXPECT_EQ(response.outstanding(), 0);
  EXPECT_EQ(response.racing(), 0);
  EXPECT_FALSE(response.has_oldest());
  EXPECT_EQ(response.lookups_size(), 0);
}

TEST_F(OutstandingTest, TheOldestComesFirstWhicheverLoopHasIt) {
  const auto a = rig_.Call<LookupHandler>(LookupOf("a"));
  rig_.Run();
  rig_.Advance(milliseconds(5));
  const auto b = rig_.Call<LookupHandler>(LookupOf("b"));
  rig_.Run();
  rig_.Advance(milliseconds(5));
  const auto c = rig_.Call<LookupHandler>(LookupOf("c"));
  const auto response = List();
  EXPECT_EQ(response.outstanding(), 3);
  EXPECT_EQ(response.racing(), 3);
  ASSERT_EQ(response.lookups_size(), 3);
  EXPECT_EQ(response.lookups(0).key(), "a");
  EXPECT_EQ(response.lookups(0).table(), "t");
  EXPECT_EQ(response.lookups(0).age().nanos(), 10'000'000);
  EXPECT_EQ(response.lookups(1).key(), "b");
  EXPECT_EQ(response.lookups(2).key(), "c");
  EXPECT_EQ(response.oldest().nanos(), 10'000'000);
  rig_.Advance(milliseconds(500));  // all reach their deadline
}

TEST_F(OutstandingTest, NoMoreAreListedThanAskedForButAllAreCounted) {
  const auto a = rig_.Call<LookupHandler>(LookupOf("a"));
  const auto b = rig_.Call<LookupHandler>(LookupOf("b"));
  const auto c = rig_.Call<LookupHandler>(LookupOf("c"));
  rig_.Run();
  const auto response = List(2);
  EXPECT_EQ(response.lookups_size(), 2);
  EXPECT_EQ(response.racing(), 3);
  rig_.Advance(milliseconds(500));
}

TEST_F(OutstandingTest, TheKeyOfAnAnsweredLookupIsGone) {
  const auto a = rig_.Call<LookupHandler>(LookupOf("a"));
  rig_.Run();
  rig_.backend().Answer(TextValue("v"));
  rig_.Run();
  ASSERT_TRUE(a->finished());
  EXPECT_EQ(List().racing(), 0);
}

TEST_F(OutstandingTest, ItDrainsFromTheBeginningOfTheLameDuck) {
  EXPECT_FALSE(List().draining());
  serving_.Stop();
  EXPECT_TRUE(List().draining());
}

TEST_F(OutstandingTest, AMalformedRequestIsRefused) {
  FakeServerCall call({.request = "\xff"});
  handler_.Handle(call);
  EXPECT_EQ(call.reply().code, absl::StatusCode::kInvalidArgument);
}

TEST_F(OutstandingTest, DrainAnswersAtOnceAndSaysWhatIsLeft) {
  int drains = 0;
  DrainHandler drain([&drains] { ++drains; }, rig_.in_flight(), rig_.errors());
  const auto a = rig_.Call<LookupHandler>(LookupOf("a"));
  rig_.Run();
  FakeServerCall call({.request = ""});
  drain.Handle(call);
  v1::DrainResponse response;
  ASSERT_TRUE(response.ParseFromString(call.reply().response));
  EXPECT_EQ(response.outstanding(), 1);
  EXPECT_EQ(drains, 1);
  rig_.Advance(milliseconds(500));
}

}  // namespace
}  // namespace frontrunner
