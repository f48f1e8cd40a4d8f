#include "client/report_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/durations.h"
#include "client/failure.h"
#include "client/text.h"
#include "tests/client/fake_lookup_server.h"

namespace frontrunner {
namespace {

using std::chrono::microseconds;
using testing::HasSubstr;
using testing::Not;

// Times in microseconds since the race began; -1: never.
void Add(v1::RaceReport& report, const std::string& source, v1::Verdict verdict,
         int started, int finished, int code = 0,
         const std::string& message = "", int attempts = 1) {
  auto& entrant = *report.add_entrants();
  entrant.set_source(source);
  entrant.set_verdict(verdict);
  if (started >= 0) {
    *entrant.mutable_started_after() = ToProto(microseconds(started));
  }
  if (finished >= 0) {
    *entrant.mutable_finished_after() = ToProto(microseconds(finished));
  }
  entrant.set_code(code);
  entrant.set_message(message);
  entrant.set_attempts(attempts);
}

v1::LookupResponse Flag() {
  v1::LookupResponse response;
  response.set_value("CHEQUERED FLAG");
  response.set_source("names");
  auto& report = *response.mutable_report();
  *report.mutable_elapsed() = ToProto(microseconds(4100));
  Add(report, "near", v1::MISSED, 0, 2, 5, "not in memory");
  Add(report, "redis", v1::MISSED, 0, 400, 5);
  Add(report, "names", v1::WON, 410, 4100);
  Add(report, "computed", v1::MISSED, 10, 110, 5, "not its kind");
  return response;
}

absl::Status Fails(const std::string& reason, absl::StatusCode code,
                   const v1::RaceReport& report) {
  return StatusFromRpc(ToRpc({.code = code,
                              .message = "no source answered",
                              .reason = reason,
                              .report = report}));
}

TEST(ReportPicture, AWonRace) {
  EXPECT_EQ(DrawReport("unicode", "U+1F3C1", Flag()),
            "unicode U+1F3C1 → CHEQUERED FLAG      names won in 4.1 ms\n"
            "  near      ▏miss 0.0\n"
            "  redis     ▏▆▆ miss 0.4\n"
            "  names     ▏  ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ won 4.1\n"
            "  computed  ▏▃ not its kind 0.1\n");
}

TEST(ReportPicture, TheSameInAscii) {
  EXPECT_EQ(DrawReport("unicode", "U+1F3C1", Flag(), {.ascii = true}),
            "unicode U+1F3C1 -> CHEQUERED FLAG      names won in 4.1 ms\n"
            "  near      |miss 0.0\n"
            "  redis     |== miss 0.4\n"
            "  names     |  ================== won 4.1\n"
            "  computed  |= not its kind 0.1\n");
}

TEST(ReportPicture, AHitInMemoryStartsNobodyElse) {
  v1::LookupResponse response;
  response.set_value("A");
  response.set_source("near");
  auto& report = *response.mutable_report();
  report.mutable_elapsed();
  Add(report, "near", v1::WON, 0, 0);
  Add(report, "redis", v1::NOT_STARTED, -1, -1, 0, "", 0);
  EXPECT_EQ(DrawReport("unicode", "U+0041", response),
            "unicode U+0041 → A      near won in 0.0 ms\n"
            "  near   ▏won 0.0\n"
            "  redis  ▏not started\n");
}

TEST(ReportPicture, ThoseUnderWayAreShownAsCancelled) {
  v1::LookupResponse response;
  response.set_value("A");
  response.set_source("redis");
  auto& report = *response.mutable_report();
  *report.mutable_elapsed() = ToProto(microseconds(1000));
  report.set_coalesced(true);
  Add(report, "redis", v1::WON, 0, 1000);
  Add(report, "names", v1::CANCELLED, 500, 1000, 1);
  Add(report, "mc", v1::CANCELLED, 0, -1, 1);
  EXPECT_EQ(DrawReport("t", "k", response),
            "t k → A      redis won in 1.0 ms, shared\n"
            "  redis  ▏▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ won 1.0\n"
            "  names  ▏          ▆▆▆▆▆▆▆▆▆▆ cancelled 1.0\n"
            "  mc     ▏▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ cancelled 1.0\n");
}

TEST(ReportPicture, EveryFailureIsTold) {
  v1::RaceReport report;
  *report.mutable_elapsed() = ToProto(microseconds(2000));
  Add(report, "near", v1::MISSED, 0, 0, 5, "not in memory");
  Add(report, "redis", v1::FAILED, 0, 300, 14, "connection refused");
  Add(report, "mc", v1::MISSED, 0, 500, 5, "the stored value is damaged today");
  Add(report, "names", v1::FAILED, 500, 2000, 4, "no reply within 1.5s", 3);
  EXPECT_EQ(DrawReport("t", "k",
                       Fails("ALL_SOURCES_FAILED",
                             absl::StatusCode::kUnavailable, report)),
            "t k → UNAVAILABLE      all sources failed, 2.0 ms\n"
            "  near   ▏miss 0.0\n"
            "  redis  ▏▆▆▆ UNAVAILABLE 0.3  connection refused\n"
            "  mc     ▏▆▆▆▆▆ miss 0.5  the stored value is damaged today\n"
            "  names  ▏     ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ DEADLINE_EXCEEDED 2.0 (3 tries)\n"
            "          no reply within 1.5s\n");
}

TEST(ReportPicture, ALongMessageIsWrappedUnderItsRow) {
  v1::RaceReport report;
  *report.mutable_elapsed() = ToProto(microseconds(2000));
  Add(report, "names", v1::FAILED, 0, 2000, 14,
      "127.0.0.1:50051: failed to connect to all addresses; last error: " +
          std::string(100, 'x'));
  EXPECT_EQ(DrawReport("t", "k",
                       Fails("ALL_SOURCES_FAILED",
                             absl::StatusCode::kUnavailable, report),
                       {.columns = 60}),
            "t k → UNAVAILABLE      all sources failed, 2.0 ms\n"
            "  names  ▏▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ UNAVAILABLE 2.0\n"
            "          127.0.0.1:50051: failed to connect to all\n"
            "          addresses; last error:\n"
            "          " +
                std::string(47, 'x') + "...\n");
}

TEST(ReportPicture, WhoWasLeftOutByAPolicyIsShown) {
  v1::RaceReport report;
  *report.mutable_elapsed() = ToProto(microseconds(100));
  Add(report, "redis", v1::MISSED, 0, 100, 5);
  Add(report, "names", v1::NOT_STARTED, -1, -1, 0, "", 0);
  EXPECT_EQ(DrawReport("t", "k",
                       Fails("ALL_SOURCES_FAILED", absl::StatusCode::kNotFound,
                             report)),
            "t k → not found      no source has it, 0.1 ms\n"
            "  redis  ▏▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ miss 0.1\n"
            "  names  ▏left out\n");
}

TEST(ReportPicture, WhoRanOutOfTimeIsShown) {
  v1::RaceReport report;
  *report.mutable_elapsed() = ToProto(microseconds(5000));
  Add(report, "names", v1::CANCELLED, 0, 5000, 4);
  Add(report, "later", v1::NOT_STARTED, -1, -1, 0, "", 0);
  EXPECT_EQ(DrawReport(
                "t", "k",
                Fails("DEADLINE", absl::StatusCode::kDeadlineExceeded, report)),
            "t k → DEADLINE_EXCEEDED      out of time, 5.0 ms\n"
            "  names  ▏▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ out of time 5.0\n"
            "  later  ▏not started\n");
}

TEST(ReportPicture, AFailureWithoutARaceHasItsMessage) {
  EXPECT_EQ(DrawReport("t", "k", absl::UnavailableError("no route\x1b[2J")),
            "t k → UNAVAILABLE      failed\n"
            "  no route\\x1b[2J\n");
}

TEST(ReportPicture, NothingFromElsewhereReachesTheTerminalAsItIs) {
  v1::LookupResponse response = Flag();
  response.set_value("\x1b]0;title\a\nfake line");
  response.set_source("na\x1bmes");
  response.mutable_report()->mutable_entrants(0)->set_source("ne\nar");
  response.mutable_report()->mutable_entrants(3)->set_message("\x9b");
  const std::string picture = DrawReport("uni\rcode", "U+\x07", response);
  EXPECT_THAT(picture, Not(HasSubstr("\x1b")));
  EXPECT_THAT(picture, Not(HasSubstr("\r")));
  EXPECT_THAT(picture, Not(HasSubstr("\a")));
  EXPECT_THAT(picture, HasSubstr("\\x1b]0;title\\x07\\nfake line"));
  EXPECT_EQ(std::count(picture.begin(), picture.end(), '\n'), 5);
}

TEST(ReportPicture, NoLineIsWiderThanTheTerminal) {
  v1::LookupResponse response = Flag();
  response.set_value(std::string(5000, 'x'));
  response.set_source(std::string(500, 's'));
  auto* entrant = response.mutable_report()->mutable_entrants(1);
  entrant->set_source(std::string(500, 'y'));
  entrant->set_verdict(v1::FAILED);
  entrant->set_message(std::string(3000, 'z'));
  for (const auto& [ascii, columns] : std::vector<std::pair<bool, size_t>>{
           {false, 60}, {true, 60}, {false, 80}, {true, 120}}) {
    const std::string picture =
        DrawReport(std::string(500, 't'), std::string(500, 'k'), response,
                   {.ascii = ascii, .columns = columns});
    size_t begin = 0;
    while (begin < picture.size()) {
      const size_t end = picture.find('\n', begin);
      EXPECT_LE(Columns(picture.substr(begin, end - begin)), columns);
      begin = end + 1;
    }
  }
}

TEST(ReportPicture, AnEntrantTooShortToSeeIsMarkedWhereItBegan) {
  v1::LookupResponse response;
  auto& report = *response.mutable_report();
  *report.mutable_elapsed() = ToProto(microseconds(10'000));
  Add(report, "a", v1::FAILED, 5000, 5001, 14);
  EXPECT_THAT(DrawReport("t", "k", response),
              HasSubstr("a  ▏          ▁ UNAVAILABLE 5.0\n"));
}

TEST(ReportPicture, ColoursAreThereOnlyWhenAskedFor) {
  EXPECT_THAT(DrawReport("t", "k", Flag()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(DrawReport("t", "k", Flag(), {.colour = true}),
              HasSubstr("\x1b[32m  ▆"));
}

TEST(ReportPicture, OddTimesDoNoHarm) {
  v1::LookupResponse response;
  auto& report = *response.mutable_report();
  report.mutable_elapsed()->set_seconds(INT64_MIN);
  auto& entrant = *report.add_entrants();
  entrant.set_verdict(static_cast<v1::Verdict>(77));
  entrant.mutable_started_after()->set_seconds(INT64_MAX);
  entrant.mutable_finished_after()->set_nanos(-5);
  EXPECT_THAT(DrawReport("t", "k", response), HasSubstr("verdict 77"));
  report.mutable_elapsed()->set_seconds(INT64_MAX);
  EXPECT_THAT(DrawReport("t", "k", response), HasSubstr("verdict 77"));
}

}  // namespace
}  // namespace frontrunner
