// Rows 37 and 47 to 50 of what goes wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "tests/sources/computation/computation_fixture.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ComputationFaults : public ComputationTest {
 protected:
  /// Why a plugin is not loaded.
  static std::string Refusal(std::string_view plugin) {
    const absl::Status status = Load(plugin, "any").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  }

  /// All that `function` answers, asked for these keys one after another.
  EventLog Answers(ComputeFunction function,
                   const std::vector<std::string>& keys) {
    log_.clear();
    auto source =
        MakeComputationSource(loop_, MakePool(std::move(function)), "computed");
    for (const std::string& key : keys) {
      auto attempt = Ask(*source, key);
      RunUntilLogged(log_.size() + 1);
    }
    return log_;
  }
};

TEST_F(ComputationFaults, Fault37_ItsPlaceIsTakenUntilItReallyEnds) {
  Gate gate;
  auto source = MakeComputationSource(loop_, MakePool(gate.Function()), "c");
  Query query = TextQuery("k");
  auto place = std::make_shared<int>();
  const std::weak_ptr<int> taken = place;
  query.slot = std::move(place);
  auto attempt = source->Start(query, Logged("k"));
  query = {};
  RunUntil([&] { return gate.entered().size() == 1; });
  attempt.reset();
  EXPECT_FALSE(taken.expired());
  gate.Open();
  RunUntil([&] { return taken.expired(); });
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(ComputationFaults, Fault37_OneThatNeverBeganGivesItsPlaceBackAtOnce) {
  Gate gate;
  auto source = MakeComputationSource(
      loop_, MakePool(gate.Function(), {.max_queue = 1}), "c");
  const auto first = Ask(*source, "first");
  RunUntil([&] { return gate.entered().size() == 1; });
  Query query = TextQuery("k");
  auto place = std::make_shared<int>();
  const std::weak_ptr<int> taken = place;
  query.slot = std::move(place);
  auto queued = source->Start(query, Logged("queued"));
  auto refused = source->Start(query, Logged("refused"));
  query = {};
  EXPECT_FALSE(taken.expired());
  queued.reset();
  EXPECT_TRUE(taken.expired());
  gate.Open();
  RunUntilLogged(2);
}

TEST_F(ComputationFaults, Fault37_AnAnswerFindsItsPlaceGivenBack) {
  auto source = MakeComputationSource(
      loop_, MakePool([](const CallContext& call, const std::stop_token&) {
        return TextValue(call.key);
      }),
      "c");
  Query query = TextQuery("k");
  auto place = std::make_shared<int>();
  const std::weak_ptr<int> taken = place;
  query.slot = std::move(place);
  bool given_back = false;
  auto attempt = source->Start(
      query, [&](const Outcome&) { given_back = taken.expired(); });
  query = {};
  RunUntil([&] { return given_back; });
}

TEST_F(ComputationFaults, Fault47_ThrowingFailsOneLookupWithItsReason) {
  const ComputeFunction function = [](const CallContext& call,
                                      const std::stop_token&) -> Outcome {
    if (call.key == "error") throw std::runtime_error("no luck");
    if (call.key == "int") throw 7;
    return TextValue("fine");
  };
  EXPECT_THAT(
      Answers(function, {"error", "int", "k"}),
      ElementsAre("error -> INTERNAL: the computation threw: no luck",
                  "int -> INTERNAL: the computation threw something that is "
                  "no std::exception",
                  "k -> 'fine'"));
}

TEST_F(ComputationFaults, Fault47_ThrowingFromAPluginIsNoDifferent) {
  EXPECT_THAT(
      Answers(*Load("throwing", "throws"), {"error", "int", "odd", "k"}),
      ElementsAre("error -> INTERNAL: the computation threw: no luck",
                  "int -> INTERNAL: the computation threw something that is "
                  "no std::exception",
                  "odd -> INTERNAL: the computation threw: a?b?",
                  "k -> 'fine'"));
}

TEST_F(ComputationFaults, Fault47_ALongReasonIsCut) {
  const Outcome outcome = Compute(*Load("throwing", "throws"), "long");
  EXPECT_LT(outcome.status().message().size(), 300u);
}

TEST_F(ComputationFaults, Fault48_NeverEndingFillsItsPoolWhileOthersAnswer) {
  Gate gate;
  auto stuck = MakeComputationSource(
      loop_, MakePool(gate.Function(), {.threads = 2, .max_queue = 1}),
      "stuck");
  auto fine = MakeComputationSource(
      loop_, MakePool([](const CallContext& call, const std::stop_token&) {
        return TextValue(call.key);
      }),
      "fine");
  std::vector<std::unique_ptr<Attempt>> attempts;
  attempts.reserve(100);
  for (int i = 0; i < 100; ++i) attempts.push_back(Ask(*stuck, "s"));
  RunUntil([&] { return gate.entered().size() == 2; });
  // 2 run, 1 waits, 97 are told.
  RunUntilLogged(97);
  EXPECT_EQ(log_.size(), 97u);
  log_.clear();
  auto attempt = Ask(*fine, "k");
  RunUntilLogged(1);
  EXPECT_THAT(log_, ElementsAre("k -> 'k'"));
  gate.Open();
  RunUntilLogged(4);
}

// The gate outlives the test's pools: a thread that is stuck uses it.
TEST_F(ComputationFaults, Fault48_NeverEndingDoesNotHoldUpTheEnd) {
  static Gate& gate = *new Gate;
  auto alive = std::make_shared<int>(1);
  const std::weak_ptr<int> function_alive = alive;
  ComputeFunction deaf = [held = std::move(alive), inner = gate.Function()](
                             const CallContext& call,
                             const std::stop_token& stop) {
    return inner(call, stop);
  };
  auto pool =
      MakePool(std::move(deaf), {.stop_grace = std::chrono::milliseconds(20)});
  auto source = MakeComputationSource(loop_, pool, "computed");
  auto attempt = Ask(*source, "k");
  RunUntil([&] { return gate.entered().size() == 1; });
  attempt.reset();
  source.reset();
  pool.reset();  // returns
  EXPECT_THAT(log_, IsEmpty());
  // What the stuck thread uses stays until it really ends.
  EXPECT_FALSE(function_alive.expired());
  gate.Open();
  RunUntil([&] { return function_alive.expired(); });
}

TEST_F(ComputationFaults, Fault48_TheEndStopsWhatHeedsItsStopToken) {
  Gate gate;
  auto pool = MakePool(gate.Function(/*heeds_stop=*/true),
                       {.threads = 2, .stop_grace = std::chrono::hours(1)});
  auto source = MakeComputationSource(loop_, pool, "computed");
  auto attempt = Ask(*source, "k");
  RunUntil([&] { return gate.entered().size() == 1; });
  source.reset();
  pool.reset();
  attempt.reset();  // the last owner of the pool: returns long before the hour
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(ComputationFaults, Fault49_BadAllocFailsOneLookup) {
  const ComputeFunction function = [](const CallContext& call,
                                      const std::stop_token&) -> Outcome {
    if (call.key == "huge") throw std::bad_alloc();
    return TextValue("fine");
  };
  EXPECT_THAT(
      Answers(function, {"huge", "k"}),
      ElementsAre(
          "huge -> RESOURCE_EXHAUSTED: the computation ran out of memory",
          "k -> 'fine'"));
  EXPECT_EQ(Compute(*Load("throwing", "throws"), "bad_alloc").status(),
            absl::ResourceExhaustedError("the computation ran out of memory"));
}

TEST_F(ComputationFaults, Fault50_AMissingPluginIsToldWithTheLoadersReason) {
  EXPECT_THAT(Refusal("not_there"),
              HasSubstr("not_there.so can't be loaded: "));
  EXPECT_THAT(Refusal("not_there"), HasSubstr("No such file or directory"));
}

TEST_F(ComputationFaults, Fault50_APluginThatNeedsMoreIsToldAtTheStart) {
  EXPECT_THAT(Refusal("symbol_missing"),
              HasSubstr("undefined symbol: a_symbol_that_nobody_has"));
}

TEST_F(ComputationFaults, Fault50_ALibraryThatIsNoPluginIsTold) {
  EXPECT_THAT(Refusal("not_a_plugin"),
              HasSubstr("not_a_plugin.so is no Frontrunner plugin: "));
  EXPECT_THAT(Refusal("not_a_plugin"),
              HasSubstr("undefined symbol: frontrunner_plugin_describe"));
}

TEST_F(ComputationFaults, Fault50_APluginOfAnotherAbiIsTold) {
  EXPECT_THAT(Refusal("other_abi"),
              HasSubstr("was made for version 2 of the plugin ABI; this server "
                        "has version 1"));
}

TEST_F(ComputationFaults, Fault50_APluginThatDescribesNothingIsTold) {
  EXPECT_THAT(Refusal("describes_nothing"), HasSubstr("describes nothing"));
}

}  // namespace
}  // namespace frontrunner
