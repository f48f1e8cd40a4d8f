// What is read of HTTP sources, retries and queues.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/config/config.h"

namespace frontrunner {
namespace {

using config::v1::Config;
using testing::ElementsAre;
using testing::IsEmpty;

Config Good(std::string_view text) {
  LoadedConfig loaded = ParseConfig(text, "f");
  EXPECT_EQ(loaded.Explain(), "");
  return loaded.config;
}

TEST(Config, AnHttpSourceIsReadWhole) {
  const Config config = Good(R"(
sources:
  h:
    http:
      url: "https://api.example.com:8443/v1/{key}?x=y"
      method: POST
      headers: { Accept: application/json, X-Key: "a: b" }
      body: '{"k": "{key}"}'
      value: /data/0/a~1b
      max_bytes: 1KiB
      max_redirects: 0
      ca_file: ca.pem
      connections: 2
      success_statuses: [200, 206]
      miss_statuses: [204, 404]
tables: {t: {race: [h]}}
)");
  const auto& http = config.sources().at("h").http();
  EXPECT_EQ(http.url(), "https://api.example.com:8443/v1/{key}?x=y");
  EXPECT_EQ(http.method(), config::v1::POST);
  ASSERT_EQ(http.headers().size(), 2U);
  EXPECT_EQ(http.headers().at("Accept"), "application/json");
  EXPECT_EQ(http.headers().at("X-Key"), "a: b");
  EXPECT_EQ(http.body(), R"({"k": "{key}"})");
  EXPECT_EQ(http.value(), "/data/0/a~1b");
  EXPECT_EQ(http.max_bytes(), 1024U);
  EXPECT_EQ(http.max_redirects(), 0U);
  EXPECT_EQ(http.ca_file(), "ca.pem");
  EXPECT_EQ(http.connections(), 2U);
  EXPECT_FALSE(http.has_pages());
  EXPECT_THAT(http.success_statuses(), ElementsAre(200, 206));
  EXPECT_THAT(http.miss_statuses(), ElementsAre(204, 404));
}

TEST(Config, AnHttpSourceAndItsPagesHaveDefaults) {
  const Config config = Good(
      "sources: {h: {http: {url: 'http://h/{key}',\n"
      "  pages: {parameter: c, next: /next, items: /items}}}}\n"
      "tables: {t: {race: [h]}}\n");
  const auto& source = config.sources().at("h");
  EXPECT_EQ(source.timeout().seconds(), 1);
  EXPECT_THAT(source.http().success_statuses(), IsEmpty());
  EXPECT_THAT(source.http().miss_statuses(), ElementsAre(404, 410));
  EXPECT_FALSE(source.has_retry());
  EXPECT_FALSE(source.has_limit());
  EXPECT_EQ(source.http().method(), config::v1::GET);
  EXPECT_EQ(source.http().max_bytes(), 4U << 20);
  EXPECT_EQ(source.http().max_redirects(), 3U);
  EXPECT_EQ(source.http().connections(), 16U);
  EXPECT_EQ(source.http().pages().max_errors(), 10U);
  EXPECT_EQ(source.http().pages().max_pages(), 1000U);
  EXPECT_EQ(source.http().pages().id(), "");
}

constexpr std::string_view kWithRetry =
    "sources: {s: {grpc: {target: 'g:1'}, retry: ";

TEST(Config, ARetryWithoutDelaysIsAWholeSchedule) {
  const Config config =
      Good(std::string(kWithRetry) + "{}}}\ntables: {t: {race: [s]}}\n");
  const auto& retry = config.sources().at("s").retry();
  EXPECT_EQ(retry.backoff_size(), 0);
  EXPECT_EQ(retry.initial().nanos(), 10'000'000);
  EXPECT_EQ(retry.multiplier(), 2.0);
  EXPECT_EQ(retry.max().seconds(), 1);
  EXPECT_EQ(retry.attempts(), 3U);
  EXPECT_TRUE(retry.has_jitter());
  EXPECT_EQ(retry.jitter(), 0.5);
  EXPECT_THAT(retry.codes(), ElementsAre(config::v1::UNAVAILABLE));
  EXPECT_TRUE(retry.at_most().empty());
  EXPECT_EQ(retry.budget(), 0.2);
}

TEST(Config, AScheduleKeepsWhatIsGivenZerosIncluded) {
  const Config config = Good(std::string(kWithRetry) +
                             "{initial: 0s, multiplier: 1.5, max: 0s,\n"
                             "  attempts: 1, jitter: 0%, codes: [],\n"
                             "  at_most: {NOT_FOUND: 1, INTERNAL: 100},\n"
                             "  budget: 0%}}}\ntables: {t: {race: [s]}}\n");
  const auto& retry = config.sources().at("s").retry();
  EXPECT_TRUE(retry.has_initial());
  EXPECT_EQ(retry.initial().nanos(), 0);
  EXPECT_EQ(retry.multiplier(), 1.5);
  EXPECT_EQ(retry.max().seconds(), 0);
  EXPECT_EQ(retry.attempts(), 1U);
  EXPECT_TRUE(retry.has_jitter());
  EXPECT_EQ(retry.jitter(), 0.0);
  EXPECT_EQ(retry.codes_size(), 0);
  ASSERT_EQ(retry.at_most().size(), 2U);
  EXPECT_EQ(retry.at_most().at("NOT_FOUND"), 1U);
  EXPECT_EQ(retry.at_most().at("INTERNAL"), 100U);
  EXPECT_EQ(retry.budget(), 0.0);
}

TEST(Config, AListOfDelaysHasNoSchedule) {
  const Config config =
      Good(std::string(kWithRetry) +
           "{backoff: [0s, 10ms, 1h]}}}\ntables: {t: {race: [s]}}\n");
  const auto& retry = config.sources().at("s").retry();
  ASSERT_EQ(retry.backoff_size(), 3);
  EXPECT_EQ(retry.backoff(0).seconds(), 0);
  EXPECT_EQ(retry.backoff(1).nanos(), 10'000'000);
  EXPECT_EQ(retry.backoff(2).seconds(), 3600);
  EXPECT_FALSE(retry.has_initial());
  EXPECT_FALSE(retry.has_max());
  EXPECT_FALSE(retry.has_jitter());
  EXPECT_EQ(retry.attempts(), 0U);
}

TEST(Config, ALimitIsReadAndHasDefaults) {
  const Config config = Good(
      "sources:\n"
      "  a: {grpc: {target: 'g:1'}, limit: {width: 0}}\n"
      "  b: {grpc: {target: 'g:1'}, limit: {width: 5, max_pending: 0,\n"
      "      per_second: 0.5, burst: 7}}\n"
      "tables: {t: {race: [a]}}\n");
  const auto& a = config.sources().at("a").limit();
  EXPECT_TRUE(config.sources().at("a").has_limit());
  EXPECT_EQ(a.width(), 0U);
  EXPECT_EQ(a.max_pending(), 1024U);
  EXPECT_EQ(a.per_second(), 0.0);
  EXPECT_EQ(a.burst(), 1U);
  const auto& b = config.sources().at("b").limit();
  EXPECT_EQ(b.width(), 5U);
  EXPECT_EQ(b.max_pending(), 0U);
  EXPECT_EQ(b.per_second(), 0.5);
  EXPECT_EQ(b.burst(), 7U);
}

}  // namespace
}  // namespace frontrunner
