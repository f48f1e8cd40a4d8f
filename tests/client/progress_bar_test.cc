#include "client/progress_bar.h"

#include <gtest/gtest.h>

#include "client/prefetch_command.h"
#include "client/text.h"

namespace frontrunner {
namespace {

v1::PrefetchProgress Half() {
  v1::PrefetchProgress progress;
  progress.set_id("p");
  progress.set_accepted(2000);
  progress.set_stored(990);
  progress.set_failed(10);
  progress.set_pending(900);
  progress.set_underway(100);
  progress.set_per_second(250);
  progress.set_complete(true);
  return progress;
}

v1::PrefetchProgress Finished(uint64_t stored, uint64_t missed, uint64_t failed,
                              uint64_t cancelled) {
  v1::PrefetchProgress progress;
  progress.set_id("p");
  progress.set_accepted(stored + missed + failed + cancelled);
  progress.set_stored(stored);
  progress.set_failed(missed + failed);
  progress.set_cancelled(cancelled);
  progress.set_complete(true);
  progress.set_finished(true);
  if (missed > 0) {
    auto& failure = *progress.add_failures();
    failure.set_code(5);
    failure.set_count(missed);
    failure.set_message("no\nbody");
  }
  if (failed > 0) {
    auto& failure = *progress.add_failures();
    failure.set_code(14);
    failure.set_count(failed);
    failure.set_message("away");
  }
  return progress;
}

TEST(ProgressBar, ItFillsWhatTheTextLeavesOfTheLine) {
  const std::string line = ProgressLine(Half(), {.bar = true, .columns = 70});
  EXPECT_EQ(line,
            "[##########          ] 50%  1000 of 2000, 10 failed, 250/s, "
            "0:04 left");
  EXPECT_LT(Columns(line), 70U);
}

TEST(ProgressBar, ItIsNeverWiderThanFortyNorNarrowerThanTen) {
  EXPECT_EQ(ProgressLine(Half(), {.bar = true, .columns = 500}).substr(0, 43),
            "[" + std::string(20, '#') + std::string(20, ' ') + "] ");
  EXPECT_EQ(ProgressLine(Half(), {.bar = true, .columns = 59}),
            "50%  1000 of 2000, 10 failed, 250/s, 0:04 left");
}

TEST(ProgressBar, WithoutABarItIsTheTextAlone) {
  EXPECT_EQ(ProgressLine(Half(), {.bar = false, .columns = 200}),
            "50%  1000 of 2000, 10 failed, 250/s, 0:04 left");
}

TEST(ProgressBar, BeforeAllKeysAreKnownThereIsNoShareAndNoEnd) {
  auto progress = Half();
  progress.set_complete(false);
  EXPECT_EQ(ProgressLine(progress, {.bar = true, .columns = 100}),
            "1000 of 2000 so far, 10 failed, 250/s");
}

TEST(ProgressBar, AlmostAllIsNotAll) {
  auto progress = Half();
  progress.set_stored(1989);
  EXPECT_EQ(ProgressLine(progress, {}).substr(0, 4), "99% ");
}

TEST(ProgressBar, AllIsAHundredWithoutARate) {
  EXPECT_EQ(ProgressLine(Finished(3, 0, 0, 1), {}),
            "100%  4 of 4, 1 cancelled");
  EXPECT_EQ(ProgressLine(Finished(0, 0, 0, 0), {}), "100%  0 of 0");
}

TEST(ProgressBar, NothingHappeningHasNoRemainingTime) {
  auto progress = Half();
  progress.set_per_second(0);
  EXPECT_EQ(ProgressLine(progress, {}), "50%  1000 of 2000, 10 failed, 0.0/s");
  progress.set_per_second(1e-9);
  EXPECT_EQ(ProgressLine(progress, {}),
            "50%  1000 of 2000, 10 failed, 0.0/s, days left");
}

TEST(ProgressBar, NumbersThatContradictEachOtherDoNoHarm) {
  auto progress = Half();
  progress.set_stored(99'999);
  EXPECT_EQ(ProgressLine(progress, {.bar = true, .columns = 60}),
            "100%  2000 of 2000, 10 failed, 250/s, 0:00 left");
}

TEST(ProgressBar, TimesAreRoundedUp) {
  EXPECT_EQ(ClockText(std::chrono::milliseconds(1)), "0:01");
  EXPECT_EQ(ClockText(std::chrono::seconds(61)), "1:01");
  EXPECT_EQ(ClockText(std::chrono::seconds(3723)), "1:02:03");
}

TEST(PrefetchSummary, FailuresAreByCodeWithTheFirstMessageEscaped) {
  EXPECT_EQ(PrefetchSummary(Finished(10, 2, 11, 0)),
            "prefetch p: 23 accepted, 10 stored, 13 failed\n"
            "  NOT_FOUND    2   no\\nbody\n"
            "  UNAVAILABLE  11  away\n");
}

TEST(PrefetchSummary, OneUnderWayTellsWhatIsLeft) {
  EXPECT_EQ(PrefetchSummary(Half()),
            "prefetch p: 2000 accepted, 990 stored, 10 failed, 100 underway, "
            "900 pending\n");
}

TEST(PrefetchList, EachIsALine) {
  v1::ListPrefetchesResponse response;
  *response.add_prefetches() = Half();
  *response.add_prefetches() = Finished(1, 0, 0, 0);
  EXPECT_EQ(ListPrefetchesText(response),
            "PREFETCH  TABLE  STATE     ACCEPTED  STORED  FAILED  CANCELLED  "
            "PENDING  UNDERWAY  RATE\n"
            "p                complete  2000      990     10      0          "
            "900      100       250/s\n"
            "p                finished  1         1       0       0          "
            "0        0         0.0/s\n");
}

TEST(PrefetchExitCode, OnlyWhatNobodyHasIsLessThanAFailure) {
  EXPECT_EQ(ExitCodeOf(Finished(5, 0, 0, 0)), kFound);
  EXPECT_EQ(ExitCodeOf(Finished(5, 1, 0, 0)), kNotFound);
  EXPECT_EQ(ExitCodeOf(Finished(5, 1, 1, 0)), kFailed);
  EXPECT_EQ(ExitCodeOf(Finished(5, 1, 0, 1)), kFailed);
  EXPECT_EQ(ExitCodeOf(Finished(5, 0, 0, 1)), kFailed);
}

TEST(PrefetchId, TwoAreNotTheSame) {
  EXPECT_NE(RandomPrefetchId(), RandomPrefetchId());
}

}  // namespace
}  // namespace frontrunner
