#include "tests/rpc/handler_rig.h"

#include <gtest/gtest.h>

#include <utility>

namespace frontrunner {

RichError Unpack(const google::rpc::Status& status) {
  RichError rich;
  rich.status = status;
  for (const google::protobuf::Any& detail : status.details()) {
    v1::RaceReport report;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&rich.info)) {
      ++rich.error_infos;
    } else if (detail.UnpackTo(&report)) {
      EXPECT_FALSE(rich.report) << "two reports";
      rich.report = std::move(report);
    } else if (detail.UnpackTo(&retry)) {
      EXPECT_FALSE(rich.retry) << "two RetryInfos";
      rich.retry = std::move(retry);
    } else {
      ADD_FAILURE() << "unknown detail " << detail.type_url();
    }
  }
  EXPECT_EQ(rich.error_infos, 1);
  EXPECT_EQ(rich.info.domain(), "frontrunner");
  return rich;
}

RichError Unpack(const Reply& reply) {
  google::rpc::Status status;
  EXPECT_TRUE(status.ParseFromString(reply.details));
  EXPECT_EQ(status.code(), static_cast<int>(reply.code));
  EXPECT_EQ(status.message(), reply.message);
  EXPECT_TRUE(reply.response.empty());
  return Unpack(status);
}

HandlerRig::HandlerRig(Settings settings)
    : settings_(std::move(settings)),
      near_(std::make_shared<FakeSource>("near", &log_)),
      backend_(std::make_shared<FakeSource>("backend", &log_)),
      in_flight_({.max = settings_.limits.max_in_flight}) {
  near_->set_peek(std::nullopt);
  auto table_settings = std::make_shared<TableSettings>();
  table_settings->name = "t";
  table_settings->version = 7;
  table_settings->deadline = settings_.deadline;
  table_settings->max_wait = std::chrono::minutes(1);
  table_settings->open_writes = settings_.open_writes;
  if (settings_.write_back) {
    table_settings->write_back =
        TableSettings::WriteBack{.ttl = std::chrono::minutes(10)};
  }
  TableShardParts shard_parts;
  shard_parts.settings = table_settings;
  shard_parts.counters = std::make_shared<TableCounters>();
  shard_parts.entrants = {{.source = near_, .is_cache = true},
                          {.source = backend_}};
  if (settings_.store) {
    shard_parts.caches = {{.name = std::string(settings_.store->name()),
                           .cache = {.find = near_,
                                     .store = settings_.store,
                                     .erase = settings_.store}}};
  }
  Table::Parts table_parts;
  for (size_t i = 0; i < settings_.loops; ++i) {
    loops_.push_back(std::make_unique<FakeLoop>());
    shards_.push_back(MakeTableShard(*loops_.back(), shard_parts));
    table_parts.shards.push_back(shards_.back().get());
  }
  table_parts.settings = shard_parts.settings;
  table_parts.counters = shard_parts.counters;
  table_parts.peekable = {{.entrant = 0, .source = near_}};
  table_parts.entrant_names = {"near", "backend"};
  table_parts.serving = [this] { return serving_; };
  table_ = std::make_shared<Table>(std::move(table_parts));
  directory_ = std::make_unique<TablesDirectory>(
      std::vector<std::shared_ptr<const Table>>{table_});
}

HandlerRig::~HandlerRig() {
  EXPECT_EQ(in_flight_.outstanding(), 0U) << "a permit was not given back";
  EXPECT_EQ(backend_->underway(), 0U) << "an attempt is left";
}

void HandlerRig::Run() {
  bool busy = true;
  while (busy) {
    busy = false;
    for (const auto& loop : loops_) {
      if (loop->pending_tasks() > 0) busy = true;
      loop->RunUntilIdle();
    }
  }
}

void HandlerRig::Advance(Duration by) {
  for (const auto& loop : loops_) loop->Advance(by);
  Run();
}

HandlerParts HandlerRig::parts() {
  return {.tables = directory_.get(),
          .errors = &errors_,
          .in_flight = &in_flight_,
          .limits = settings_.limits};
}

v1::LookupRequest LookupOf(std::string_view key) {
  v1::LookupRequest request;
  request.set_table("t");
  request.set_key(std::string(key));
  return request;
}

v1::LookupResponse ResponseOf(const FakeServerCall& call) {
  v1::LookupResponse response;
  EXPECT_TRUE(call.finished());
  if (!call.finished()) return response;
  EXPECT_EQ(call.reply().code, absl::StatusCode::kOk) << call.reply().message;
  EXPECT_TRUE(response.ParseFromString(call.reply().response));
  return response;
}

}  // namespace frontrunner
