#include "server/admin/readiness.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_loop.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

class ReadinessTest : public testing::Test {
 protected:
  PageReply Of(const std::string& table) {
    return readiness_.Page({.parameters = {{"table", table}}});
  }

  HandlerRig rig_;
  TablesServing serving_{rig_.tables(),
                         [](std::string_view) { return std::optional(true); }};
  FakeLoop clock_;
  Liveness liveness_{clock_};
  Readiness readiness_{serving_, rig_.tables(), rig_.in_flight(), liveness_};
};

TEST_F(ReadinessTest, GoesThroughTheLifeOfAServer) {
  EXPECT_EQ(readiness_.Page({}).code, 503);
  EXPECT_EQ(readiness_.Page({}).body, "starting\n");
  EXPECT_FALSE(readiness_.ready());
  readiness_.Started();
  EXPECT_EQ(readiness_.Page({}).code, 200);
  EXPECT_EQ(readiness_.Page({}).body, "ready\n");
  EXPECT_TRUE(readiness_.ready());
  serving_.Stop();
  EXPECT_EQ(readiness_.Page({}).code, 503);
  EXPECT_EQ(readiness_.Page({}).body,
            "lame duck: send new lookups elsewhere\n");
  rig_.in_flight().StartDraining();
  EXPECT_EQ(readiness_.Page({}).code, 503);
  EXPECT_EQ(readiness_.Page({}).body, "draining: lookups are refused\n");
}

TEST_F(ReadinessTest, ATableThatHasNobodyToAskIsNotReadyAndTheServerIs) {
  readiness_.Started();
  EXPECT_EQ(Of("t").code, 200);
  rig_.set_serving(false);
  EXPECT_EQ(Of("t").code, 503);
  EXPECT_EQ(Of("t").body, "the table has nobody to ask\n");
  EXPECT_EQ(readiness_.Page({}).code, 200);
}

TEST_F(ReadinessTest, ATableIsNotReadyBeforeTheServerIsNorAfter) {
  EXPECT_EQ(Of("t").body, "starting\n");
  readiness_.Started();
  serving_.Stop();
  EXPECT_EQ(Of("t").code, 503);
}

TEST_F(ReadinessTest, WhatIsNoTableIsA404) {
  readiness_.Started();
  for (const char* name : {"", "T", "source/near", "t "}) {
    EXPECT_EQ(Of(name).code, 404) << name;
  }
}

TEST_F(ReadinessTest, WhatHangsIsNeitherReadyNorAlive) {
  readiness_.Started();
  liveness_.Watch();
  EXPECT_EQ(readiness_.Page({}).code, 200);
  EXPECT_EQ(LivenessPage(liveness_).code, 200);
  clock_.Advance(kThreadPatience);
  EXPECT_EQ(readiness_.Page({}).code, 503);
  EXPECT_EQ(readiness_.Page({}).body, "a thread does not answer\n");
  EXPECT_EQ(LivenessPage(liveness_).code, 503);
  EXPECT_EQ(LivenessPage(liveness_).body, "a thread does not answer\n");
}

TEST_F(ReadinessTest, WhatDrainsIsAlive) {
  readiness_.Started();
  liveness_.Watch();
  liveness_.Rest();
  serving_.Stop();
  rig_.in_flight().StartDraining();
  clock_.Advance(kThreadPatience);
  EXPECT_EQ(readiness_.Page({}).code, 503);
  EXPECT_EQ(LivenessPage(liveness_).code, 200);
}

TEST_F(ReadinessTest, AnyOtherParameterIsA400) {
  readiness_.Started();
  EXPECT_EQ(readiness_.Page({.parameters = {{"tabel", "t"}}}).code, 400);
  EXPECT_EQ(
      readiness_.Page({.parameters = {{"table", "t"}, {"table", "t"}}}).code,
      400);
}

}  // namespace
}  // namespace frontrunner
