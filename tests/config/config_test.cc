#include "server/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace frontrunner {
namespace {

using config::v1::Config;
using testing::ElementsAre;

constexpr std::string_view kSmallest =
    "sources: {s: {memory: {}}}\ntables: {t: {race: [s]}}\n";

Config Good(std::string_view text) {
  LoadedConfig loaded = ParseConfig(text, "f");
  EXPECT_EQ(loaded.Explain(), "");
  return loaded.config;
}

TEST(Config, TheExampleOfTheDesignLoads) {
  const Config config = Good(R"(
listen: ["127.0.0.1:7979", "unix:/run/frontrunner/frontrunner.sock"]
http_listen: "127.0.0.1:7980"
admin_listen: "127.0.0.1:7981"
sources:
  near:     { memory: { capacity: 64MiB } }
  redis:    { redis: { address: "127.0.0.1:6379" }, timeout: 50ms }
  mc:       { memcached: { servers: ["127.0.0.1:11211"] }, timeout: 50ms }
  names:
    grpc:   { target: "dns:///names:50051" }
    timeout: 200ms
  computed: { computation: { plugin: "libunicode_names.so", function: "unicode_name", threads: 2 } }
tables:
  unicode:
    race:
      - near
      - redis
      - { source: names, start_after: 2ms, final_codes: [PERMISSION_DENIED] }
      - computed
    deadline: 500ms
    max_wait: 1m
    version: 1
    write_back: { ttl: 10m, jitter: 10% }
    coalesce: true
limits: { max_key: 64KiB, max_value: 1MiB, max_message: 4MiB, max_batch: 10000, max_in_flight: 20000, max_waiters: 100000 }
drain: { grace: 20s }
)");
  EXPECT_THAT(
      config.listen(),
      ElementsAre("127.0.0.1:7979", "unix:/run/frontrunner/frontrunner.sock"));
  EXPECT_EQ(config.sources().at("near").memory().capacity(), 64U << 20);
  EXPECT_EQ(config.sources().at("redis").redis().address(), "127.0.0.1:6379");
  EXPECT_EQ(config.sources().at("redis").timeout().nanos(), 50'000'000);
  EXPECT_THAT(config.sources().at("mc").memcached().servers(),
              ElementsAre("127.0.0.1:11211"));
  EXPECT_EQ(config.sources().at("names").grpc().target(), "dns:///names:50051");
  const auto& computation = config.sources().at("computed").computation();
  EXPECT_EQ(computation.plugin(), "libunicode_names.so");
  EXPECT_EQ(computation.function(), "unicode_name");
  EXPECT_EQ(computation.threads(), 2U);
  const auto& table = config.tables().at("unicode");
  EXPECT_EQ(table.deadline().nanos(), 500'000'000);
  EXPECT_EQ(table.max_wait().seconds(), 60);
  EXPECT_EQ(table.version(), 1U);
  EXPECT_EQ(table.write_back().ttl().seconds(), 600);
  EXPECT_EQ(table.write_back().jitter(), 0.1);
  EXPECT_TRUE(table.coalesce());
  EXPECT_EQ(config.drain().grace().seconds(), 20);
}

TEST(Config, ARaceKeepsItsOrderAndItsRules) {
  const Config config = Good(
      "sources: {a: {memory: {}}, b: {grpc: {target: 'b:1'}},\n"
      "  c: {grpc: {target: 'c:1'}}, d: {grpc: {target: 'd:1'}}}\n"
      "tables:\n"
      "  t:\n"
      "    race:\n"
      "    - d\n"
      "    - {source: c, start_after: others_fail}\n"
      "    - {source: b, start_after: 1s500us, final_codes: [NOT_FOUND, "
      "INTERNAL]}\n"
      "    - {source: a, start_after: 0s}\n");
  const auto& race = config.tables().at("t").race();
  ASSERT_EQ(race.size(), 4);
  EXPECT_EQ(race[0].source(), "d");
  EXPECT_FALSE(race[0].has_start_after());
  EXPECT_EQ(race[1].source(), "c");
  EXPECT_TRUE(race[1].start_after().others_fail());
  EXPECT_EQ(race[2].source(), "b");
  EXPECT_EQ(race[2].start_after().time().seconds(), 1);
  EXPECT_EQ(race[2].start_after().time().nanos(), 500'000);
  EXPECT_THAT(race[2].final_codes(),
              ElementsAre(config::v1::NOT_FOUND, config::v1::INTERNAL));
  EXPECT_EQ(race[3].source(), "a");
  EXPECT_TRUE(race[3].start_after().has_time());
}

TEST(Config, WhatIsAbsentHasItsDefault) {
  const Config config = Good(kSmallest);
  EXPECT_THAT(config.listen(), ElementsAre("127.0.0.1:7979"));
  EXPECT_EQ(config.admin_listen(), "127.0.0.1:7981");
  EXPECT_EQ(config.http_listen(), "127.0.0.1:7980");
  EXPECT_EQ(config.sources().at("s").memory().capacity(), 64U << 20);
  const auto& table = config.tables().at("t");
  EXPECT_EQ(table.deadline().seconds(), 1);
  EXPECT_EQ(table.max_wait().seconds(), 60);
  EXPECT_EQ(table.version(), 0U);
  EXPECT_FALSE(table.has_write_back());
  EXPECT_TRUE(table.coalesce());
  EXPECT_FALSE(table.open_writes());
  EXPECT_EQ(config.limits().max_key(), 64U << 10);
  EXPECT_EQ(config.limits().max_value(), 1U << 20);
  EXPECT_EQ(config.limits().max_message(), 4U << 20);
  EXPECT_EQ(config.limits().max_batch(), 10000U);
  EXPECT_EQ(config.limits().max_in_flight(), 20000U);
  EXPECT_EQ(config.limits().max_waiters(), 100000U);
  EXPECT_EQ(config.drain().grace().seconds(), 20);
  EXPECT_EQ(config.drain().lame_duck().seconds(), 5);
  EXPECT_EQ(config.server().edge_threads(), 0U);
  EXPECT_EQ(config.server().loop_threads(), 0U);
}

TEST(Config, APartlyGivenMessageHasDefaultsForTheRest) {
  const Config config =
      Good(std::string(kSmallest) + "limits: {max_key: 1KiB}\n");
  EXPECT_EQ(config.limits().max_key(), 1024U);
  EXPECT_EQ(config.limits().max_value(), 1U << 20);
}

TEST(Config, ASourcesTimeoutDependsOnItsKind) {
  const Config config = Good(
      "sources:\n"
      "  m: {memory: {}}\n"
      "  r: {redis: {address: 'r:1'}}\n"
      "  c: {memcached: {servers: ['c:1']}}\n"
      "  g: {grpc: {target: 'g:1'}}\n"
      "  f: {computation: {function: f}}\n"
      "  own: {redis: {address: 'r:1'}, timeout: 2s}\n"
      "tables: {t: {race: [m]}}\n");
  const auto& sources = config.sources();
  EXPECT_FALSE(sources.at("m").has_timeout());
  EXPECT_EQ(sources.at("r").timeout().nanos(), 100'000'000);
  EXPECT_EQ(sources.at("c").timeout().nanos(), 100'000'000);
  EXPECT_EQ(sources.at("g").timeout().seconds(), 1);
  EXPECT_FALSE(sources.at("f").has_timeout());
  EXPECT_EQ(sources.at("own").timeout().seconds(), 2);
  EXPECT_EQ(sources.at("r").redis().key_prefix(), "fr:");
  EXPECT_EQ(sources.at("c").memcached().key_prefix(), "fr:");
}

TEST(Config, TheLowWaterMarkIsNeverAboveTheHighOne) {
  const std::string rest(kSmallest);
  EXPECT_EQ(Good(rest).outstanding().high(), 10000U);
  EXPECT_EQ(Good(rest).outstanding().low(), 8000U);
  const auto low = [&rest](const std::string& marks) {
    return Good(rest + "outstanding: " + marks + "\n").outstanding().low();
  };
  EXPECT_EQ(low("{high: 20}"), 20U);
  EXPECT_EQ(low("{high: 50000}"), 8000U);
  EXPECT_EQ(low("{high: 20, low: 20}"), 20U);
  EXPECT_EQ(low("{low: 3}"), 3U);
}

TEST(Config, AStateDirIsNoneUnlessGiven) {
  const std::string rest(kSmallest);
  EXPECT_EQ(Good(rest).state_dir(), "");
  EXPECT_EQ(Good(rest).prefetch().concurrency(), 64U);
  const Config config =
      Good(rest + "state_dir: /var/lib/f\nprefetch: {concurrency: 2}\n");
  EXPECT_EQ(config.state_dir(), "/var/lib/f");
  EXPECT_EQ(config.prefetch().concurrency(), 2U);
}

TEST(Config, AnchorsAreUnderstood) {
  const Config config = Good(
      "sources: {s: {memory: {}}}\n"
      "tables: {a: &a {race: [s], deadline: 3s}, b: *a}\n");
  EXPECT_EQ(config.tables().at("b").deadline().seconds(), 3);
}

TEST(Config, AByteOrderMarkIsNoPartOfIt) {
  Good("\xEF\xBB\xBF" + std::string(kSmallest));
}

TEST(Config, ACodeHasTheNumberThatAbseilGivesIt) {
  EXPECT_EQ(static_cast<int>(config::v1::CANCELLED), 1);
  EXPECT_EQ(static_cast<int>(config::v1::UNAUTHENTICATED), 16);
}

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() {
    const int file = ::mkstemp(path_.data());
    EXPECT_GE(file, 0);
    ::close(file);
  }
  ~ConfigFile() override { std::remove(path_.c_str()); }

  std::string path_ = testing::TempDir() + "frontrunner-config-XXXXXX";
};

TEST_F(ConfigFile, IsLoadedFromItsPath) {
  std::ofstream(path_) << kSmallest;
  const LoadedConfig loaded = LoadConfig(path_);
  EXPECT_TRUE(loaded.ok()) << loaded.Explain();
  EXPECT_EQ(loaded.file_name, path_);
  EXPECT_EQ(loaded.config.tables().size(), 1U);
}

TEST_F(ConfigFile, TooLargeIsRefused) {
  std::ofstream(path_) << kSmallest << std::string(9U << 20, '#');
  EXPECT_EQ(LoadConfig(path_).Explain(),
            path_ + ": the file can't be read: larger than 8 MiB\n");
}

TEST(Config, AFileThatIsNotThereIsAMistakeWithoutAPlace) {
  EXPECT_EQ(LoadConfig("/nonexistent/f.yaml").Explain(),
            "/nonexistent/f.yaml: the file can't be read: No such file or "
            "directory\n");
}

TEST(Config, ADirectoryIsNoFile) {
  EXPECT_EQ(LoadConfig("/").Explain(),
            "/: the file can't be read: Is a directory\n");
}

}  // namespace
}  // namespace frontrunner
