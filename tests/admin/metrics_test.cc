#include "server/admin/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/fakes/fake_loop.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using testing::HasSubstr;
using testing::Not;

class FakeView final : public AdminView {
 public:
  std::vector<TableView> Tables() const override { return tables; }
  std::vector<SourceView> Sources() const override { return sources; }
  std::vector<TableView> tables;
  std::vector<SourceView> sources;
};

class MetricsTest : public testing::Test {
 protected:
  std::string Text() { return MetricsText(parts_); }
  /// A line of its own.
  static testing::Matcher<std::string> Says(const std::string& sample) {
    return HasSubstr("\n" + sample + "\n");
  }

  HandlerRig rig_;
  TablesServing serving_{rig_.tables(), nullptr};
  FakeLoop clock_;
  Liveness liveness_{clock_};
  Readiness readiness_{serving_, rig_.tables(), rig_.in_flight(), liveness_};
  FakeView view_;
  MetricsParts parts_{.readiness = &readiness_,
                      .view = &view_,
                      .in_flight = &rig_.in_flight(),
                      .http = std::make_shared<HttpPortCounters>()};
};

TEST_F(MetricsTest, TheServersOwnFiguresFollowItsLife) {
  EXPECT_THAT(Text(), Says("frontrunner_ready 0"));
  readiness_.Started();
  EXPECT_THAT(Text(), Says("frontrunner_ready 1"));
  {
    const auto admission = rig_.in_flight().Begin(2);
    EXPECT_THAT(Text(), Says("frontrunner_outstanding 2"));
  }
  EXPECT_THAT(Text(), Says("frontrunner_outstanding 0"));
  EXPECT_THAT(Text(), Says("frontrunner_draining 0"));
  serving_.Stop();
  EXPECT_THAT(Text(), Says("frontrunner_ready 0"));
  EXPECT_THAT(Text(), Says("frontrunner_draining 1")) << "in the lame duck too";
  EXPECT_THAT(Text(), Says("frontrunner_refused_total{reason=\"DRAINING\"} 0"));
  rig_.in_flight().StartDraining();
  EXPECT_FALSE(rig_.in_flight().Begin().permit);
  EXPECT_THAT(Text(), Says("frontrunner_refused_total{reason=\"DRAINING\"} 1"));
  EXPECT_THAT(Text(),
              Says("frontrunner_refused_total{reason=\"OVERLOADED\"} 0"));
}

TEST_F(MetricsTest, ATableHasAllItsCounters) {
  TableView& table = view_.tables.emplace_back();
  table.name = "t";
  table.serving = true;
  table.counters = {.lookups = 1,
                    .peek_hits = 2,
                    .races = 3,
                    .coalesced = 4,
                    .write_backs = 5,
                    .write_back_failures = 6,
                    .write_backs_skipped = 7,
                    .waiting = 8};
  const std::string text = Text();
  for (const char* sample :
       {"serving{table=\"t\"} 1", "lookups_total{table=\"t\"} 1",
        "memory_hits_total{table=\"t\"} 2", "races_total{table=\"t\"} 3",
        "coalesced_total{table=\"t\"} 4", "write_backs_total{table=\"t\"} 5",
        "write_back_failures_total{table=\"t\"} 6",
        "write_backs_skipped_total{table=\"t\"} 7", "waiting{table=\"t\"} 8"}) {
    EXPECT_THAT(text, Says(std::string("frontrunner_table_") + sample));
  }
}

TEST_F(MetricsTest, ASourceHasAllItsCounters) {
  SourceView& source = view_.sources.emplace_back();
  source.name = "names";
  source.kind = "grpc";
  source.connectivity = Connectivity::kConnected;
  source.counters.started = 21;
  source.counters.succeeded = 1;
  source.counters.missed = 2;
  source.counters.failed = 3;
  source.counters.cancelled = 4;
  source.counters.underway = 11;
  source.counters.failures["UNAVAILABLE"] = 3;
  source.counters.latency_sum = std::chrono::milliseconds(1500);
  source.budget = {.offered = 5, .granted = 6, .refused = 7};
  const std::string text = Text();
  const std::string who = "{source=\"names\",kind=\"grpc\"";
  for (const std::string& sample :
       {"connected" + who + "} 1", "attempts_started_total" + who + "} 21",
        "attempts_underway" + who + "} 11",
        "attempts_total" + who + ",outcome=\"succeeded\"} 1",
        "attempts_total" + who + ",outcome=\"missed\"} 2",
        "attempts_total" + who + ",outcome=\"failed\"} 3",
        "attempts_total" + who + ",outcome=\"cancelled\"} 4",
        "failures_total" + who + ",code=\"UNAVAILABLE\"} 3",
        "latency_seconds_sum" + who + "} 1.500000000",
        "latency_seconds_count" + who + "} 3",
        "budget_lookups_total" + who + "} 5",
        "budget_extra_attempts_total" + who + ",answer=\"granted\"} 6",
        "budget_extra_attempts_total" + who + ",answer=\"refused\"} 7"}) {
    EXPECT_THAT(text, Says("frontrunner_source_" + sample));
  }
}

TEST_F(MetricsTest, WhatNobodyMeasuresIsNotToldAsZero) {
  SourceView& source = view_.sources.emplace_back();
  source.name = "near";
  source.kind = "memory";
  EXPECT_THAT(Text(), Not(HasSubstr("latency_seconds_sum{source=\"near\"")));
  EXPECT_THAT(Text(), Not(HasSubstr("budget_lookups_total{source=\"near\"")));
}

TEST_F(MetricsTest, AQueueHasItsStateAndItsCounters) {
  auto queue = std::make_shared<DispatchQueue>(
      rig_.loop(),
      DispatchQueue::Settings{.name = "names", .width = 3, .max_pending = 9});
  queue->Pause();
  parts_.queues.push_back(queue);
  const std::string text = Text();
  for (const char* sample :
       {"width{source=\"names\"} 3", "max_pending{source=\"names\"} 9",
        "paused{source=\"names\"} 1", "pending{source=\"names\"} 0",
        "underway{source=\"names\"} 0", "late{source=\"names\"} 0",
        "jobs_queued_total{source=\"names\"} 0",
        "jobs_started_total{source=\"names\"} 0",
        "jobs_refused_total{source=\"names\"} 0",
        "jobs_total{source=\"names\",end=\"finished\"} 0",
        "jobs_total{source=\"names\",end=\"cancelled\"} 0",
        "jobs_total{source=\"names\",end=\"aborted\"} 0",
        "jobs_total{source=\"names\",end=\"drained\"} 0",
        "wait_seconds_count{source=\"names\"} 0"}) {
    EXPECT_THAT(text, Says(std::string("frontrunner_queue_") + sample));
  }
}

TEST_F(MetricsTest, ThingsComeInTheOrderOfTheirNames) {
  for (const char* name : {"b", "a"}) view_.tables.emplace_back().name = name;
  const std::string text = Text();
  EXPECT_LT(text.find("table=\"a\""), text.find("table=\"b\""));
}

}  // namespace
}  // namespace frontrunner
