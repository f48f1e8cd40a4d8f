#include "server/rpc/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "frontrunner/v1/admin.pb.h"
#include "google/protobuf/descriptor.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class FakeAdminView final : public AdminView {
 public:
  std::vector<TableView> Tables() const override { return tables; }
  std::vector<SourceView> Sources() const override { return sources; }
  std::vector<TableView> tables;
  std::vector<SourceView> sources;
};

class RoutesTest : public ::testing::Test {
 protected:
  /// Calls by method name, as a transport does.
  std::unique_ptr<FakeServerCall> Call(const std::vector<Route>& routes,
                                       std::string_view method,
                                       const std::string& request) {
    auto call = std::make_unique<FakeServerCall>(
        FakeServerCall::Settings{.request = request});
    const auto route =
        std::find_if(routes.begin(), routes.end(),
                     [&](const Route& each) { return each.method == method; });
    if (route == routes.end()) {
      ADD_FAILURE() << "no route " << method;
      return call;
    }
    route->handler->Handle(*call);
    return call;
  }
  static std::vector<std::string> Methods(const std::vector<Route>& routes) {
    std::vector<std::string> methods;
    for (const Route& route : routes) methods.push_back(route.method);
    return methods;
  }

  HandlerRig rig_;
  TablesServing serving_{rig_.tables(), nullptr};
  FakeAdminView view_;
  int drains_ = 0;
  Routes routes_{{.handlers = rig_.parts(),
                  .status = &serving_,
                  .admin = &view_,
                  .clock = &rig_.loop(),
                  .drain = [this] { ++drains_; }}};
};

TEST_F(RoutesTest, TheDataPortServesLookupsAndHealth) {
  EXPECT_THAT(Methods(routes_.data_port()),
              UnorderedElementsAre("/frontrunner.v1.LookupService/Lookup",
                                   "/frontrunner.v1.LookupService/BatchLookup",
                                   "/frontrunner.v1.LookupService/Put",
                                   "/frontrunner.v1.LookupService/Forget",
                                   "/grpc.health.v1.Health/Check",
                                   "/grpc.health.v1.Health/Watch"));
}

TEST_F(RoutesTest, TheAdminPortServesAllOfAdminServiceAndHealth) {
  std::vector<std::string> expected = {"/grpc.health.v1.Health/Check",
                                       "/grpc.health.v1.Health/Watch"};
  const auto* service =
      v1::ListTablesRequest::descriptor()->file()->FindServiceByName(
          "AdminService");
  ASSERT_NE(service, nullptr);
  for (int i = 0; i < service->method_count(); ++i) {
    expected.push_back("/" + service->full_name() + "/" +
                       service->method(i)->name());
  }
  EXPECT_THAT(Methods(routes_.admin_port()),
              ::testing::UnorderedElementsAreArray(expected));
}

TEST_F(RoutesTest, StreamsAreMarkedAsStreams) {
  for (const Route& route : routes_.data_port()) {
    const bool streams = route.method.ends_with("/BatchLookup") ||
                         route.method.ends_with("/Watch");
    EXPECT_EQ(route.kind,
              streams ? MethodKind::kServerStreaming : MethodKind::kUnary)
        << route.method;
  }
}

TEST_F(RoutesTest, EachMethodHasItsOwnHandler) {
  rig_.near().set_peek(TextValue("v"));
  const auto lookup =
      Call(routes_.data_port(), "/frontrunner.v1.LookupService/Lookup",
           LookupOf("k").SerializeAsString());
  EXPECT_EQ(ResponseOf(*lookup).value(), "v");
  const auto batch =
      Call(routes_.data_port(), "/frontrunner.v1.LookupService/BatchLookup",
           "\x0a\x01t");
  EXPECT_TRUE(batch->finished());
  const auto watch =
      Call(routes_.admin_port(), "/grpc.health.v1.Health/Watch", "");
  EXPECT_EQ(routes_.health().watchers(), 1U);
  watch->CompleteWrites();
  routes_.EndWatches();
  EXPECT_TRUE(watch->finished());
}

TEST_F(RoutesTest, TablesAreListedInOrderWithAllThatIsKnown) {
  TableView table;
  table.name = "b";
  table.entrants = {{.source = "near", .start = "at once"},
                    {.source = "names",
                     .start = "after 2ms",
                     .final_codes = {"PERMISSION_DENIED"}}};
  table.deadline = milliseconds(500);
  table.version = 3;
  table.coalesce = true;
  table.write_back_ttl = std::chrono::minutes(10);
  table.serving = true;
  table.counters = {1, 2, 3, 4, 5, 6, 7};
  view_.tables = {table, {.name = "a"}};
  const auto call =
      Call(routes_.admin_port(), "/frontrunner.v1.AdminService/ListTables", "");
  v1::ListTablesResponse response;
  ASSERT_TRUE(response.ParseFromString(call->reply().response));
  ASSERT_EQ(response.tables_size(), 2);
  EXPECT_EQ(response.tables(0).name(), "a");
  EXPECT_FALSE(response.tables(0).has_write_back_ttl());
  const v1::Table& b = response.tables(1);
  EXPECT_EQ(b.name(), "b");
  ASSERT_EQ(b.entrants_size(), 2);
  EXPECT_EQ(b.entrants(1).source(), "names");
  EXPECT_EQ(b.entrants(1).start(), "after 2ms");
  EXPECT_THAT(b.entrants(1).final_codes(), ElementsAre("PERMISSION_DENIED"));
  EXPECT_EQ(b.deadline().nanos(), 500'000'000);
  EXPECT_EQ(b.version(), 3U);
  EXPECT_TRUE(b.coalesce());
  EXPECT_EQ(b.write_back_ttl().seconds(), 600);
  EXPECT_TRUE(b.serving());
  const v1::TableCounters& counters = b.counters();
  EXPECT_EQ(counters.lookups(), 1U);
  EXPECT_EQ(counters.peek_hits(), 2U);
  EXPECT_EQ(counters.races(), 3U);
  EXPECT_EQ(counters.coalesced(), 4U);
  EXPECT_EQ(counters.write_backs(), 5U);
  EXPECT_EQ(counters.write_back_failures(), 6U);
  EXPECT_EQ(counters.write_backs_skipped(), 7U);
}

TEST_F(RoutesTest, SourcesAreListedInOrderWithAllThatIsKnown) {
  SourceView redis;
  redis.name = "redis";
  redis.kind = "redis";
  redis.connectivity = Connectivity::kDisconnected;
  redis.counters = {.started = 1,
                    .succeeded = 2,
                    .missed = 3,
                    .failed = 4,
                    .cancelled = 5,
                    .underway = 6,
                    .failures = {{"UNAVAILABLE", 4}},
                    .mean_latency = milliseconds(3)};
  view_.sources = {redis,
                   {.name = "names", .connectivity = Connectivity::kOpening},
                   {.name = "near", .connectivity = Connectivity::kConnected}};
  const auto call = Call(routes_.admin_port(),
                         "/frontrunner.v1.AdminService/ListSources", "");
  v1::ListSourcesResponse response;
  ASSERT_TRUE(response.ParseFromString(call->reply().response));
  ASSERT_EQ(response.sources_size(), 3);
  EXPECT_EQ(response.sources(0).name(), "names");
  EXPECT_EQ(response.sources(0).connectivity(), v1::OPENING);
  EXPECT_EQ(response.sources(1).connectivity(), v1::CONNECTED);
  const v1::Source& source = response.sources(2);
  EXPECT_EQ(source.kind(), "redis");
  EXPECT_EQ(source.connectivity(), v1::DISCONNECTED);
  const v1::SourceCounters& counters = source.counters();
  EXPECT_EQ(counters.started(), 1U);
  EXPECT_EQ(counters.succeeded(), 2U);
  EXPECT_EQ(counters.missed(), 3U);
  EXPECT_EQ(counters.failed(), 4U);
  EXPECT_EQ(counters.cancelled(), 5U);
  EXPECT_EQ(counters.underway(), 6U);
  EXPECT_EQ(counters.failures().at("UNAVAILABLE"), 4U);
  EXPECT_EQ(counters.mean_latency().nanos(), 3'000'000);
}

TEST_F(RoutesTest, MalformedAdminRequestsAreRefused) {
  const auto tables = Call(routes_.admin_port(),
                           "/frontrunner.v1.AdminService/ListTables", "\xff");
  EXPECT_EQ(tables->reply().code, absl::StatusCode::kInvalidArgument);
  const auto sources = Call(routes_.admin_port(),
                            "/frontrunner.v1.AdminService/ListSources", "\xff");
  EXPECT_EQ(sources->reply().code, absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace frontrunner
