#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "client/client.h"
#include "deploy/demo/backend_service.h"
#include "deploy/demo/latency.h"
#include "deploy/demo/names_table.h"

namespace frontrunner::demo {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr char kUnicodeData[] = "/usr/share/unicode/UnicodeData.txt";

TEST(DemoNames, CodePointsAreParsed) {
  EXPECT_EQ(ParseCodePoint("U+1F3C1"), 0x1F3C1);
  EXPECT_EQ(ParseCodePoint("U+0041"), 0x41);
  EXPECT_EQ(ParseCodePoint("U+10FFFF"), 0x10FFFF);
  for (const char* text : {"", "U+", "U+41", "1F3C1", "U+110000", "U+0000041",
                           "U+-041", "U+004 ", "U+00G1", "u+0041"}) {
    EXPECT_EQ(ParseCodePoint(text), std::nullopt) << text;
  }
}

TEST(DemoNames, TheRealFileHasTheNamesListedOneByOne) {
  const auto table = NamesTable::FromFile(kUnicodeData);
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_NE(table->Find(0x1F3C1), nullptr);
  EXPECT_EQ(*table->Find(0x1F3C1), "CHEQUERED FLAG");
  EXPECT_EQ(*table->Find(0x41), "LATIN CAPITAL LETTER A");
  EXPECT_EQ(*table->Find(0xF900), "CJK COMPATIBILITY IDEOGRAPH-F900");
  EXPECT_GT(table->size(), 30'000);
}

TEST(DemoNames, ControlCharactersRangesAndUnassignedAreNotThere) {
  const auto table = NamesTable::FromFile(kUnicodeData);
  ASSERT_TRUE(table.ok());
  for (const uint32_t code_point : {0x00u, 0x0Au, 0x85u,  // controls
                                    0x4E00u, 0x9FFFu,     // CJK, by rule
                                    0xAC00u, 0xD7A3u,     // Hangul, by rule
                                    0xE000u, 0x0378u, 0x10FFFFu}) {
    EXPECT_EQ(table->Find(code_point), nullptr) << code_point;
  }
}

TEST(DemoNames, AnotherFileIsRefusedWithTheLine) {
  std::istringstream text("0041;LATIN CAPITAL LETTER A;Lu\nhello\n");
  const auto table = NamesTable::FromStream(text);
  EXPECT_EQ(table.status().message(),
            "line 2 is not a line of UnicodeData.txt");
  EXPECT_TRUE(absl::IsNotFound(NamesTable::FromFile("/nowhere").status()));
}

std::vector<nanoseconds> Sample(const Latency::Settings& settings, int count) {
  Latency latency(settings);
  std::vector<nanoseconds> sample;
  sample.reserve(count);
  for (int i = 0; i < count; ++i) sample.push_back(latency.Next());
  return sample;
}

TEST(DemoLatency, TheSameSeedGivesTheSameSequence) {
  EXPECT_EQ(Sample({.seed = 7}, 1000), Sample({.seed = 7}, 1000));
  EXPECT_NE(Sample({.seed = 7}, 1000), Sample({.seed = 8}, 1000));
}

TEST(DemoLatency, HalfAreBelowTheMedianAndOneInFiftyTenTimesSlower) {
  auto sample = Sample({.median = milliseconds(4)}, 10'000);
  const auto slow = std::count_if(
      sample.begin(), sample.end(),
      [](nanoseconds latency) { return latency >= milliseconds(40); });
  EXPECT_GT(slow, 150);
  EXPECT_LT(slow, 250);
  std::sort(sample.begin(), sample.end());
  EXPECT_GT(sample[5000], milliseconds(3));
  EXPECT_LT(sample[5000], milliseconds(5));
}

TEST(DemoLatency, OrdinaryLatenciesDoNotDependOnTheSlowOnes) {
  const auto without = Sample({.slow_ratio = 0}, 1000);
  const auto with = Sample({.slow_ratio = 0.1}, 1000);
  int same = 0;
  for (size_t i = 0; i < with.size(); ++i) same += with[i] == without[i];
  EXPECT_GT(same, 850);
  EXPECT_LT(same, 950);
}

TEST(DemoLatency, OffMeansAtOnce) {
  EXPECT_EQ(Sample({.enabled = false}, 1)[0], nanoseconds(0));
}

// The service behind a real port.
class DemoBackend : public testing::Test {
 protected:
  void Serve(const BackendService::Settings& settings) {
    std::istringstream lines(
        "1F3C1;CHEQUERED FLAG;So\n0041;LATIN CAPITAL LETTER A;Lu\n");
    names_ = std::make_unique<NamesTable>(*NamesTable::FromStream(lines));
    service_ = std::make_unique<BackendService>(*names_, settings);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    client_ = std::make_unique<Client>(
        Client::Settings{.address = "127.0.0.1:" + std::to_string(port)});
  }

  ~DemoBackend() override {
    client_.reset();
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + seconds(5));
    server_->Wait();
  }

  static v1::LookupRequest Ask(const std::string& table,
                               const std::string& key) {
    v1::LookupRequest request;
    request.set_table(table);
    request.set_key(key);
    return request;
  }

  // The value, or the code's number.
  std::string Lookup(const std::string& table, const std::string& key) {
    const auto answer = client_->Lookup(Ask(table, key));
    return answer.ok()
               ? answer->value()
               : std::to_string(static_cast<int>(answer.status().code()));
  }

  std::unique_ptr<NamesTable> names_;
  std::unique_ptr<BackendService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(DemoBackend, NamesAreAnsweredAndEverythingElseIsNotFound) {
  Serve({.latency = {.median = milliseconds(1)}});
  EXPECT_EQ(Lookup("unicode", "U+1F3C1"), "CHEQUERED FLAG");
  EXPECT_EQ(Lookup("unicode", "U+0042"), "5");
  EXPECT_EQ(Lookup("unicode", "hello"), "5");
  EXPECT_EQ(Lookup("elsewhere", "U+1F3C1"), "3");
}

TEST_F(DemoBackend, CallsAreCountedAndStatisticsAreNot) {
  Serve({.latency = {.enabled = false}});
  EXPECT_EQ(Lookup("_stats", "calls"), "0");
  Lookup("unicode", "U+1F3C1");
  Lookup("unicode", "U+1F3C1");
  EXPECT_EQ(Lookup("_stats", "calls"), "2");
  EXPECT_EQ(Lookup("_stats", "underway"), "0");
  EXPECT_EQ(Lookup("_stats", "max_underway"), "1");
  EXPECT_EQ(Lookup("_stats", "cancelled"), "0");
  EXPECT_EQ(Lookup("_stats", "elsewhere"), "5");
}

TEST_F(DemoBackend, ACancelledCallIsCountedAndEndsItsTimer) {
  Serve({.latency = {.median = seconds(3600)}});
  const auto wait_for = [this](const char* statistic, const char* value) {
    for (int i = 0; i < 1000 && Lookup("_stats", statistic) != value; ++i) {
    }
    EXPECT_EQ(Lookup("_stats", statistic), value);
  };
  auto first = client_->LookupAsync(Ask("unicode", "U+1F3C1"), [](auto) {});
  auto second = client_->LookupAsync(Ask("unicode", "U+0041"), [](auto) {});
  wait_for("underway", "2");
  EXPECT_EQ(Lookup("_stats", "cancelled"), "0");
  first.reset();
  wait_for("cancelled", "1");
  EXPECT_EQ(Lookup("_stats", "underway"), "1");
  second.reset();
  wait_for("cancelled", "2");
  EXPECT_EQ(service_->Summary(),
            "calls 2, underway 0, max_underway 2, cancelled 2, failed 0");
}

TEST_F(DemoBackend, ItFailsWhenToldTo) {
  Serve({.latency = {.enabled = false},
         .fail_code = absl::StatusCode::kUnavailable,
         .fail_every = 2});
  EXPECT_EQ(Lookup("unicode", "U+1F3C1"), "CHEQUERED FLAG");
  EXPECT_EQ(Lookup("unicode", "U+1F3C1"), "14");
  EXPECT_EQ(Lookup("unicode", "U+1F3C1"), "CHEQUERED FLAG");
  EXPECT_EQ(Lookup("_stats", "failed"), "1");
}

}  // namespace
}  // namespace frontrunner::demo
