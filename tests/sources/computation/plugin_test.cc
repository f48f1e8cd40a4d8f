#include "server/sources/computation/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sources/computation/computation_fixture.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PluginTest : public ComputationTest {
 protected:
  static Outcome Call(std::string_view function, std::string_view key) {
    auto loaded = Load("well_behaved", function);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return Compute(*loaded, key);
  }
};

TEST_F(PluginTest, GetsAnyKeyAndWritesItsValuePieceByPiece) {
  EXPECT_EQ(*Call("reverse", "drawer")->bytes, "reward");
  EXPECT_EQ(*Call("reverse", std::string("\0\xff\n", 3))->bytes,
            std::string("\n\xff\0", 3));
  EXPECT_EQ(*Call("reverse", "")->bytes, "");
}

TEST_F(PluginTest, GetsTheTableAndTellsHowLongItsValueIsFresh) {
  const Outcome outcome = Call("table_and_key", "k");
  EXPECT_EQ(*outcome->bytes, "t/k");
  EXPECT_EQ(outcome->fresh_for, std::chrono::seconds(5));
  EXPECT_EQ(outcome->age, Duration(0));
  EXPECT_FALSE(Call("reverse", "k")->fresh_for.has_value());
}

TEST_F(PluginTest, ItsCodesAreOurs) {
  EXPECT_EQ(Call("fail_with", "5").status(),
            absl::NotFoundError("not its kind"));
  EXPECT_EQ(Call("fail_with", "5:no such thing").status(),
            absl::NotFoundError("no such thing"));
  EXPECT_EQ(Call("fail_with", "14:the model is away").status(),
            absl::UnavailableError("the model is away"));
  EXPECT_EQ(
      Call("fail_with", "16").status(),
      absl::UnauthenticatedError("the computation failed without saying why"));
}

TEST_F(PluginTest, ACodeThatIsNoneIsInternal) {
  EXPECT_EQ(Call("fail_with", "17").status(),
            absl::InternalError(
                "the computation returned 17, which is no status code"));
  EXPECT_EQ(Call("fail_with", "-1").status().code(),
            absl::StatusCode::kInternal);
}

TEST_F(PluginTest, ItsExplanationIsCutAndMadePlain) {
  EXPECT_EQ(Call("fail_with", "13:" + std::string(400, 'x')).status().message(),
            std::string(256, 'x'));
  EXPECT_EQ(Call("fail_with", "13:a\xff\n").status().message(), "a??");
}

TEST_F(PluginTest, AValueMayBeAsLargeAsIsAllowedAndNoLarger) {
  EXPECT_EQ(Call("thousands", "10")->bytes->size(), 10000u);
  EXPECT_EQ(
      Call("thousands", "11").status(),
      absl::ResourceExhaustedError("the computed value is above 10000 bytes"));
}

TEST_F(PluginTest, SeesItsStopFlag) {
  auto pool = MakePool(*Load("well_behaved", "until_stopped"));
  auto source = MakeComputationSource(loop_, pool, "computed");
  auto attempt = Ask(*source, "k");
  RunUntil([&] { return pool->stats().running == 1; });
  EXPECT_EQ(pool->stats().ended, 0u);
  attempt.reset();
  RunUntil([&] { return pool->stats().late == 1; });
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(PluginTest, IsInitialisedOnceAndDestroyedWithItsLastUser) {
  auto function = *Load("well_behaved", "counter");
  EXPECT_EQ(*Compute(function, "k")->bytes, "1");
  auto pool = MakePool(std::move(function));
  auto source = MakeComputationSource(loop_, pool, "computed");
  auto attempt = Ask(*source, "k");
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("k -> '2'"));
  attempt.reset();
  source.reset();
  EXPECT_STREQ(std::getenv("WELL_BEHAVED_COUNTER"), "alive");
  pool.reset();
  EXPECT_STREQ(std::getenv("WELL_BEHAVED_COUNTER"), "destroyed");
}

TEST_F(PluginTest, AFailedInitIsToldAndNotDestroyed) {
  setenv("WELL_BEHAVED_COUNTER", "untouched", 1);
  const absl::Status status = Load("well_behaved", "init_fails").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("failed to initialise (UNAVAILABLE): no model file"));
  EXPECT_STREQ(std::getenv("WELL_BEHAVED_COUNTER"), "untouched");
}

TEST_F(PluginTest, AMissingFunctionIsToldWithThoseThatAreThere) {
  const absl::Status status = Load("well_behaved", "revers").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("has no function \"revers\"; it has: reverse, "
                        "table_and_key, fail_with"));
}

}  // namespace
}  // namespace frontrunner
