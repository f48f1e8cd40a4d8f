/// Origin 11, kinder inlineCallbacks: whatever a source does inside Start, who
/// asked gets the same kind of result as from any other: one outcome, later.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "server/base/status.h"
#include "server/race/guarded_start.h"
#include "server/race/race.h"
#include "server/wrappers/guarded.h"
#include "server/wrappers/limit.h"
#include "server/wrappers/max_value.h"
#include "server/wrappers/measured.h"
#include "server/wrappers/ready.h"
#include "server/wrappers/retry.h"
#include "server/wrappers/timeout.h"
#include "tests/fakes/fake_loop.h"
#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

/// Does inside Start what it is told.
class RudeSource final : public Source {
 public:
  using Manners = std::function<std::unique_ptr<Attempt>(Done&)>;
  explicit RudeSource(Manners manners) : manners_(std::move(manners)) {}
  std::string_view name() const override { return "rude"; }
  std::unique_ptr<Attempt> Start(const Query&, Done done) override {
    return manners_(done);
  }

 private:
  const Manners manners_;
};

struct Way {
  const char* name;
  /// Asks a source on this loop.
  std::function<std::unique_ptr<Attempt>(FakeLoop&, std::shared_ptr<Source>,
                                         Done)>
      ask;
};

using Wrap =
    std::function<std::shared_ptr<Source>(FakeLoop&, std::shared_ptr<Source>)>;

/// In a race, with the adapter around the source and these wrappers around it.
Way Through(const char* name, Wrap wrap) {
  return {
      name,
      [wrap = std::move(wrap)](
          FakeLoop& loop, const std::shared_ptr<Source>& source, Done done) {
        Race race(loop,
                  {"race", {{.source = wrap(loop, WithGuard(loop, source))}}});
        return race.Start(TextQuery("k"), std::move(done));
      }};
}

std::shared_ptr<Source> Limited(FakeLoop& loop,
                                std::shared_ptr<Source> source) {
  return WithLimit(loop,
                   std::make_shared<DispatchQueue>(
                       loop, DispatchQueue::Settings{.name = "q", .width = 1}),
                   std::move(source));
}

std::shared_ptr<Source> Retried(FakeLoop& loop,
                                std::shared_ptr<Source> source) {
  RetrySettings settings;
  settings.backoff = {Duration(0), seconds(1)};
  return WithRetry(loop, settings, nullptr, /*seed=*/1, std::move(source));
}

std::shared_ptr<Source> Timed(FakeLoop& loop, std::shared_ptr<Source> source) {
  return WithTimeout(loop, seconds(9), std::move(source));
}

std::shared_ptr<Source> Measured(FakeLoop& loop,
                                 std::shared_ptr<Source> source) {
  return WithMeasure(loop, std::make_shared<SourceStats>(),
                     WithMaxValue(/*max_bytes=*/1000, std::move(source)));
}

/// As the server wraps its sources.
std::shared_ptr<Source> WrappedAsConfigured(FakeLoop& loop,
                                            std::shared_ptr<Source> source) {
  source = Limited(loop, Timed(loop, Measured(loop, std::move(source))));
  return Retried(loop, WithReady(loop, /*max_held=*/1, std::move(source)));
}

std::vector<Way> Ways() {
  return {
      {"ByARaceItself",
       [](FakeLoop& loop, std::shared_ptr<Source> source, Done done) {
         Race race(loop, {"race", {{.source = std::move(source)}}});
         return race.Start(TextQuery("k"), std::move(done));
       }},
      Through("ThroughALimit", Limited),
      Through("ThroughARetry", Retried),
      Through("ThroughATimeout", Timed),
      Through("ThroughMeasures", Measured),
      Through("ThroughAllWrappers", WrappedAsConfigured),
      {"AsACacheThatIsWrittenTo",
       [](FakeLoop& loop, const std::shared_ptr<Source>& source, Done done) {
         return StartGuarded(loop, *source, TextQuery("k"), std::move(done));
       }},
  };
}

class InlineCallbacks : public testing::TestWithParam<Way> {
 protected:
  /// Asks a source of these manners, and says what came of it, one line each
  /// time that there was something. Nothing may come before Start has returned.
  EventLog Outcomes(RudeSource::Manners manners) {
    FakeLoop loop;
    EventLog log;
    const auto source = std::make_shared<RudeSource>(std::move(manners));
    const auto attempt =
        GetParam().ask(loop, source, [&log](const Outcome& outcome) {
          log.push_back(outcome.ok()
                            ? *outcome->bytes
                            : std::string(CodeName(outcome.status().code())));
        });
    EXPECT_NE(attempt, nullptr);
    EXPECT_THAT(log, testing::IsEmpty()) << "inside Start";
    loop.RunUntilIdle();
    loop.Advance(seconds(10));
    return log;
  }
};

TEST_P(InlineCallbacks, WhoAnswersLaterGivesAnOutcome) {
  const auto kept = std::make_shared<Done>();
  FakeLoop loop;
  EventLog log;
  const auto source = std::make_shared<RudeSource>([&](Done& done) {
    *kept = std::move(done);
    return std::make_unique<Attempt>();
  });
  const auto attempt = GetParam().ask(
      loop, source,
      [&log](const Outcome& outcome) { log.push_back(*outcome->bytes); });
  loop.RunUntilIdle();
  std::move (*kept)(TextValue("v"));
  EXPECT_THAT(log, ElementsAre("v"));
}

TEST_P(InlineCallbacks, WhoFailsBeforeItsFirstStepGivesAnOutcomeLikeAny) {
  EXPECT_THAT(Outcomes([](Done&) -> std::unique_ptr<Attempt> {
                throw std::runtime_error("no");
              }),
              ElementsAre("INTERNAL"));
  EXPECT_THAT(Outcomes([](Done&) -> std::unique_ptr<Attempt> { throw 7; }),
              ElementsAre("INTERNAL"));
  EXPECT_THAT(Outcomes([](Done&) { return nullptr; }), ElementsAre("INTERNAL"));
}

TEST_P(InlineCallbacks, WhoHasNoAsynchronousStepGivesAnOutcomeLikeAny) {
  EXPECT_THAT(Outcomes([](Done& done) {
                std::move(done)(TextValue("v"));
                return std::make_unique<Attempt>();
              }),
              ElementsAre("v"));
  EXPECT_THAT(Outcomes([](Done& done) {
                std::move(done)(absl::NotFoundError(""));
                return std::make_unique<Attempt>();
              }),
              ElementsAre("NOT_FOUND"));
}

TEST_P(InlineCallbacks, WhoAnswersAndThenThrowsGivesOneOutcome) {
  EXPECT_THAT(Outcomes([](Done& done) -> std::unique_ptr<Attempt> {
                std::move(done)(TextValue("v"));
                throw std::runtime_error("no");
              }),
              ElementsAre("v"));
}

TEST_P(InlineCallbacks, WhoAnswersTwiceGivesItsFirstOutcome) {
  const auto kept = std::make_shared<Done>();
  FakeLoop loop;
  EventLog log;
  const auto source = std::make_shared<RudeSource>([&](Done& done) {
    *kept = std::move(done);
    return std::make_unique<Attempt>();
  });
  std::unique_ptr<Attempt> attempt;
  attempt = GetParam().ask(loop, source, [&](const Outcome& outcome) {
    log.push_back(outcome.ok() ? *outcome->bytes : "failure");
    attempt = nullptr;
  });
  loop.RunUntilIdle();
  std::move (*kept)(TextValue("first"));
  std::move (*kept)(TextValue("second"));
  std::move (*kept)(absl::UnavailableError(""));
  loop.RunUntilIdle();
  EXPECT_THAT(log, ElementsAre("first"));
}

TEST_P(InlineCallbacks, WhoAnswersInsideStartAndOnceMoreGivesItsFirstOutcome) {
  Done kept;
  FakeLoop loop;
  EventLog log;
  const auto source = std::make_shared<RudeSource>([&](Done& done) {
    std::move(done)(TextValue("first"));
    // NOLINTNEXTLINE(bugprone-use-after-move): to answer again.
    kept = std::move(done);
    return std::make_unique<Attempt>();
  });
  const auto attempt =
      GetParam().ask(loop, source, [&log](const Outcome& outcome) {
        log.push_back(outcome.ok() ? *outcome->bytes : "failure");
      });
  std::move(kept)(TextValue("second"));
  EXPECT_THAT(log, testing::IsEmpty());
  loop.RunUntilIdle();
  EXPECT_THAT(log, ElementsAre("first"));
}

INSTANTIATE_TEST_SUITE_P(, InlineCallbacks, testing::ValuesIn(Ways()),
                         [](const auto& way) {
                           return std::string(way.param.name);
                         });

}  // namespace
}  // namespace frontrunner
