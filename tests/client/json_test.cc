#include "client/json.h"

#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/listing.h"
#include "tests/client/fake_lookup_server.h"

namespace frontrunner {
namespace {

TEST(Json, AFoundValueIsThereAsBytesAndAsText) {
  v1::LookupResponse response;
  response.set_value("a\"b");
  response.set_source("names");
  response.mutable_age()->set_nanos(1'500'000);
  EXPECT_EQ(AnswerToJson("k", response),
            R"({"key":"aw==","keyText":"k","found":{"valueText":"a\"b",)"
            R"("value":"YSJi","source":"names","stale":false,)"
            R"("age":"0.001500s"}})");
}

TEST(Json, WhatIsNotUtf8HasNoText) {
  v1::LookupResponse response;
  response.set_value("\xff");
  EXPECT_EQ(AnswerToJson("\xfe", response),
            R"({"key":"/g==","found":{"value":"/w==","source":"",)"
            R"("stale":false}})");
}

TEST(Json, AFailureHasItsDetails) {
  v1::RaceReport report;
  report.add_entrants()->set_source("names");
  const auto status = StatusFromRpc(ToRpc({.code = absl::StatusCode::kNotFound,
                                           .message = "no",
                                           .reason = "ALL_SOURCES_FAILED",
                                           .report = report}));
  EXPECT_EQ(
      AnswerToJson("k", status),
      R"({"key":"aw==","keyText":"k","failed":{"code":5,"message":"no",)"
      R"("details":[{"@type":"type.googleapis.com/frontrunner.v1.RaceReport",)"
      R"("entrants":[{"source":"names","verdict":"VERDICT_UNSPECIFIED",)"
      R"("code":0,"message":"","attempts":0}],"coalesced":false},)"
      R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
      R"("reason":"ALL_SOURCES_FAILED","domain":"frontrunner",)"
      R"("metadata":{"table":"unicode"}}]}})");
}

TEST(Json, DetailsThatJsonCannotHoldAreLeftOut) {
  google::rpc::Status status;
  status.set_code(14);
  status.add_details()->set_type_url("example.com/unknown.Type");
  auto* damaged = status.add_details();
  damaged->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  damaged->set_value("\xff\xff");
  EXPECT_EQ(FailureToJson(StatusFromRpc(status)),
            R"({"failed":{"code":14,"message":"","details":[]}})");
}

TEST(Listing, TablesAreColumns) {
  v1::ListTablesResponse response;
  auto& table = *response.add_tables();
  table.set_name("unicode");
  table.set_serving(true);
  table.mutable_deadline()->set_nanos(500'000'000);
  auto& near = *table.add_entrants();
  near.set_source("near");
  near.set_start("at once");
  auto& names = *table.add_entrants();
  names.set_source("names");
  names.set_start("after 2ms");
  table.mutable_counters()->set_lookups(12);
  EXPECT_EQ(ListTablesText(response),
            "TABLE    SERVING  DEADLINE  LOOKUPS  PEEKED  RACES  COALESCED  "
            "ENTRANTS\n"
            "unicode  yes      500ms     12       0       0      0          "
            "near, names (after 2ms)\n");
}

TEST(Listing, SourcesAreColumns) {
  v1::ListSourcesResponse response;
  auto& source = *response.add_sources();
  source.set_name("na\x1bmes");
  source.set_kind("grpc");
  source.set_connectivity(v1::DISCONNECTED);
  source.mutable_counters()->set_started(7);
  source.mutable_counters()->mutable_mean_latency()->set_nanos(4'100'000);
  EXPECT_EQ(
      ListSourcesText(response),
      "SOURCE     KIND  STATE         STARTED  SUCCEEDED  MISSED  FAILED "
      " CANCELLED  UNDERWAY  MEAN\n"
      "na\\x1bmes  grpc  disconnected  7        0          0       0      "
      " 0          0         4.1ms\n");
}

}  // namespace
}  // namespace frontrunner
