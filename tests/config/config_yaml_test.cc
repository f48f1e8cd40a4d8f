#include "server/config/config_yaml.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>

#include "server/config/config.h"
#include "server/config/units.h"

namespace frontrunner {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::Not;

config::v1::Config Good(std::string_view text) {
  const LoadedConfig loaded = ParseConfig(text, "f");
  EXPECT_EQ(loaded.Explain(), "");
  return loaded.config;
}

/// Something of everything.
constexpr std::string_view kRich = R"(
listen: ["127.0.0.1:1", "unix:/run/f.sock"]
state_dir: /var/lib/f
sources:
  near: { memory: { capacity: 1000000 } }
  redis:
    redis: { address: "r:1", password_file: /secret/file, key_prefix: "" }
    timeout: 30m15s
  mc: { memcached: { servers: ["a:1", "b:2"], key_prefix: 'a: "b" # c' } }
  names:
    grpc: { target: "dns:///n:1" }
    limit: { width: 0, per_second: 0.5, burst: 3 }
    retry: { backoff: [0s, 10ms], at_most: { INTERNAL: 2 }, budget: 7% }
  other: { grpc: { target: "n:2" }, retry: { initial: 0s, jitter: 0% } }
  web:
    http:
      url: "https://w/{key}?a=b"
      headers: { Authorization: "Bearer hunter2", X-Other: "correct horse" }
      value: /a/0
  list:
    http:
      url: "http://l/{key}"
      method: POST
      body: '{"token": "battery staple"}'
      pages: { parameter: c, next: /n, items: /i, max_errors: 0 }
  f: { computation: { plugin: ./l.so, function: "yes" } }
tables:
  t:
    race:
      - near
      - { source: redis, start_after: others_fail }
      - { source: names, start_after: 2ms, final_codes: [NOT_FOUND, INTERNAL] }
    write_back: { ttl: 1h30m, jitter: 12.5% }
    coalesce: false
    open_writes: true
  u: { race: [f] }
limits: { max_key: 1, max_waiters: 0 }
drain: { lame_duck: 0s }
)";

TEST(ConfigYaml, ReadAgainItMeansTheSame) {
  // Secrets apart: those of this one are what they are masked by.
  std::string text(kRich);
  for (const std::string secret :
       {"Bearer hunter2", "correct horse", "{\"token\": \"battery staple\"}"}) {
    text.replace(text.find(secret), secret.size(), "***");
  }
  const config::v1::Config config = Good(text);
  const std::string written = ConfigYaml(config);
  const config::v1::Config again = Good(written);
  MessageDifferencer differencer;
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  EXPECT_TRUE(differencer.Compare(config, again)) << differences << written;
}

TEST(ConfigYaml, SecretsAreMaskedAndTheirNamesAreNot) {
  const std::string written = ConfigYaml(Good(kRich));
  EXPECT_THAT(written, Not(HasSubstr("hunter2")));
  EXPECT_THAT(written, Not(HasSubstr("horse")));
  EXPECT_THAT(written, HasSubstr("Authorization: \"***\""));
  EXPECT_THAT(written, HasSubstr("X-Other: \"***\""));
  EXPECT_THAT(written, HasSubstr("password_file: \"/secret/file\""));
}

TEST(ConfigYaml, ABodyIsMasked) {
  const std::string written = ConfigYaml(Good(kRich));
  EXPECT_THAT(written, Not(HasSubstr("staple")));
  EXPECT_THAT(written, HasSubstr("body: \"***\""));
}

/// How sources with such a target and URL are told.
std::string ToldTarget(const std::string& target) {
  config::v1::Config config;
  (*config.mutable_sources())["s"].mutable_grpc()->set_target(target);
  return ConfigYaml(config);
}
std::string ToldUrl(const std::string& url) {
  config::v1::Config config;
  (*config.mutable_sources())["s"].mutable_http()->set_url(url);
  return ConfigYaml(config);
}

TEST(ConfigYaml, AUserInATargetIsMasked) {
  EXPECT_THAT(ToldTarget("dns:///me:pw/1@h:1"),
              HasSubstr("target: \"dns:///***@h:1\""));
  EXPECT_THAT(ToldTarget("dns://me:pw@8.8.8.8/h:1"),
              HasSubstr("target: \"dns://***@8.8.8.8/h:1\""));
  EXPECT_THAT(ToldTarget("dns:me:pw@h:1"),
              HasSubstr("target: \"dns:***@h:1\""));
  EXPECT_THAT(ToldTarget("unix:/run/a@b"),
              HasSubstr("target: \"unix:/run/a@b\""));
}

TEST(ConfigYaml, AUserInAUrlIsMasked) {
  // None that was read has one, but everybody may look at this page.
  EXPECT_THAT(ToldUrl("https://me:pw@h/{key}?to=me@h"),
              HasSubstr("url: \"https://***@h/{key}?to=me@h\""));
  EXPECT_THAT(ToldUrl("https://h/me@{key}"),
              HasSubstr("url: \"https://h/me@{key}\""));
}

TEST(ConfigYaml, DefaultsAreToldInTheFilesOwnUnits) {
  const std::string written = ConfigYaml(
      Good("sources: {s: {memory: {}}}\ntables: {t: {race: [s]}}\n"));
  EXPECT_THAT(written, HasSubstr("http_listen: \"127.0.0.1:7980\"\n"));
  EXPECT_THAT(written, HasSubstr("capacity: 64MiB\n"));
  EXPECT_THAT(written, HasSubstr("deadline: 1s\n"));
  EXPECT_THAT(written, HasSubstr("race:\n      - s\n"));
  EXPECT_THAT(written, HasSubstr("coalesce: true\n"));
}

TEST(ConfigYaml, NamesComeInTheirOrder) {
  const std::string written = ConfigYaml(
      Good("sources: {b: {memory: {}}, a: {memory: {}}, c: {memory: {}}}\n"
           "tables: {t: {race: [b]}}\n"));
  EXPECT_LT(written.find("\n  a:"), written.find("\n  b:"));
  EXPECT_LT(written.find("\n  b:"), written.find("\n  c:"));
}

TEST(UnitTexts, AreReadBackAsTheyWere) {
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{1}, uint64_t{1000}, uint64_t{1024},
        uint64_t{1536}, uint64_t{64} << 20, uint64_t{1} << 40, UINT64_MAX}) {
    EXPECT_EQ(config::ParseSize(config::SizeText(bytes)), bytes);
  }
  EXPECT_EQ(config::SizeText(uint64_t{64} << 20), "64MiB");
  EXPECT_EQ(config::SizeText(1536), "1536");
  for (const char* text : {"0%", "7%", "10%", "12.5%", "100%", "1000%"}) {
    EXPECT_EQ(config::RatioText(*config::ParseRatio(text)), text);
  }
  for (const char* text : {"0", "0.001", "2.5", "200", "1000000"}) {
    EXPECT_EQ(config::DecimalText(*config::ParseDecimal(text)), text);
  }
}

}  // namespace
}  // namespace frontrunner
