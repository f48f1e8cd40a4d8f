#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/servers/real_redis.h"
#include "tests/sources/redis/redis_driver.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedisSource, FindsWhatWasStored) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_EQ(Told(driver.Find("k")), "found value");
}

TEST(RedisSource, AMissIsNotFound) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  EXPECT_EQ(Told(driver.Find("nobody")), "NOT_FOUND");
}

TEST(RedisSource, StoringAnswersWithAnEmptyValue) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  EXPECT_EQ(Told(driver.Store("k", "value")), "found ");
}

TEST(RedisSource, StoresAnEmptyValueAndAnyBytes) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  const std::string bytes("\0\r\n$-1\r\n\xff", 9);
  ASSERT_TRUE(driver.Store("empty", "").ok());
  ASSERT_TRUE(driver.Store("bytes", bytes).ok());
  EXPECT_EQ(Told(driver.Find("empty")), "found ");
  EXPECT_EQ(Told(driver.Find("bytes")), "found " + bytes);
}

TEST(RedisSource, ErasesAKeyAndOneThatIsNotThere) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_EQ(Told(driver.Erase("k")), "found ");
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  EXPECT_EQ(Told(driver.Erase("k")), "found ");
}

TEST(RedisSource, ToldATtlRedisForgetsByItself) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("short", "v", minutes(10)).ok());
  ASSERT_TRUE(driver.Store("long", "v").ok());
  ASSERT_TRUE(driver.Store("tiny", "v", Duration(1)).ok());
  const int left = std::stoi(redis.Call({"PTTL", "fr:t:1:short"}));
  EXPECT_GT(left, 590'000);
  EXPECT_LE(left, 600'000);
  EXPECT_EQ(redis.Call({"PTTL", "fr:t:1:long"}), "-1");
  EXPECT_EQ(Told(driver.Find("tiny")), "NOT_FOUND");
}

TEST(RedisSource, SaysHowOldAValueIsAndHowLongItMayBeKept) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  Query query = CacheDriver::StoreQueryFor("k", "v", minutes(10));
  auto older = std::make_shared<ToStore>(*query.to_store);
  older->produced -= hours(1);
  query.to_store = older;
  ASSERT_TRUE(driver.Ask(*driver.cache().store, query).ok());
  const Outcome found = driver.Find("k");
  ASSERT_TRUE(found.ok());
  EXPECT_GE(found->age, hours(1));
  EXPECT_LT(found->age, hours(1) + minutes(1));
  ASSERT_TRUE(found->fresh_for.has_value());
  EXPECT_GT(*found->fresh_for, minutes(9));
  EXPECT_LE(*found->fresh_for, minutes(10));
}

TEST(RedisSource, StoresUnderPrefixTableVersionAndKey) {
  RealRedis redis;
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.key_prefix = "mine/"; });
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_EQ(redis.Call({"EXISTS", "mine/t:1:k"}), "1");
  EXPECT_EQ(redis.Call({"DBSIZE"}), "1");
}

TEST(RedisSource, WorksOverAUnixSocket) {
  RealRedis redis;
  RedisDriver driver(redis.unix_address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_EQ(Told(driver.Find("k")), "found value");
}

TEST(RedisSource, WorksByName) {
  RealRedis redis;
  RedisDriver driver("localhost:" + std::to_string(redis.port()));
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

TEST(RedisSource, SelectsItsDatabase) {
  RealRedis redis;
  RedisDriver driver(redis.address(), [](RedisSettings& s) { s.database = 3; });
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_THAT(redis.Call({"INFO", "keyspace"}), HasSubstr("db3:keys=1"));
}

TEST(RedisSource, LogsInWithAPassword) {
  RealRedis redis({"--requirepass", "sesame"});
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.password = "sesame"; });
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

TEST(RedisSource, LogsInWithAUserName) {
  RealRedis redis({"--user", "fr", "on", ">sesame", "~*", "+@all", "--user",
                   "default", "on", "nopass", "~*", "+@all"});
  RedisDriver driver(redis.address(), [](RedisSettings& s) {
    s.username = "fr";
    s.password = "sesame";
  });
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

TEST(RedisSource, AWrongPasswordIsADisconnectionThatSaysSo) {
  RealRedis redis({"--requirepass", "sesame"});
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.password = "guessed"; });
  const Outcome outcome = driver.Find("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("AUTH answered WRONGPASS"));
  EXPECT_THAT(std::string(outcome.status().message()),
              Not(HasSubstr("guessed")));
  EXPECT_EQ(driver.cache().find->connectivity(), Connectivity::kDisconnected);
}

TEST(RedisSource, IsOpeningAtFirstAndHoldsWhoAsks) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  // Made and asked in one turn, so no connection can be there yet.
  std::vector<std::string> log;
  std::unique_ptr<Attempt> attempt;
  Cache cache;
  driver.OnLoop([&] {
    cache = MakeRedis(driver.loop(),
                      {.name = "redis",
                       .address = {.host = "127.0.0.1", .port = redis.port()}});
    EXPECT_EQ(cache.find->connectivity(), Connectivity::kOpening);
    cache.find->WhenOpened([&] { log.push_back("opened"); });
    attempt = cache.find->Start(
        CacheDriver::QueryFor("k"),
        [&](const Outcome& outcome) { log.push_back(Told(outcome)); });
    EXPECT_THAT(log, ElementsAre());
  });
  EXPECT_TRUE(driver.Eventually([&] { return log.size() == 2; }));
  driver.OnLoop([&] {
    EXPECT_THAT(log, ElementsAre("opened", "NOT_FOUND"));
    attempt.reset();
    cache = {};
  });
}

TEST(RedisSource, ADestroyedAttemptNeverAnswersAndOthersGoOn) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  std::vector<std::string> log;
  std::vector<std::unique_ptr<Attempt>> attempts(3);
  driver.OnLoop([&] {
    for (size_t i = 0; i < attempts.size(); ++i) {
      attempts[i] = driver.cache().find->Start(
          CacheDriver::QueryFor(i == 1 ? "other" : "k"),
          [&log, i](const Outcome& outcome) {
            log.push_back(std::to_string(i) + " " + Told(outcome));
          });
    }
    // After the flush, so that its reply comes and is dropped.
    driver.loop().Post([&] { attempts[1].reset(); });
  });
  ASSERT_TRUE(driver.Eventually([&] { return log.size() >= 2; }));
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  driver.OnLoop(
      [&] { EXPECT_THAT(log, ElementsAre("0 found value", "2 found value")); });
  EXPECT_EQ(driver.counters().abandoned, 1);
  EXPECT_EQ(driver.counters().late_replies, 1);
}

TEST(RedisSource, AnAttemptGivenUpInItsTurnIsNeverSent) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  const uint64_t before = driver.counters().commands;
  driver.OnLoop([&] {
    auto attempt = driver.cache().store->Start(
        CacheDriver::StoreQueryFor("k", "value"), [](const Outcome&) {});
    attempt.reset();
  });
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  EXPECT_EQ(driver.counters().commands, before + 1);
}

TEST(RedisSource, AnAttemptOutlivesItsSource) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  std::string told;
  std::unique_ptr<Attempt> attempt;
  driver.OnLoop([&] {
    attempt = driver.cache().find->Start(CacheDriver::QueryFor("k"),
                                         [&](const Outcome& outcome) {
                                           told = Told(outcome);
                                           // The last one that keeps the
                                           // connections.
                                           attempt.reset();
                                         });
    driver.cache() = {};
  });
  EXPECT_TRUE(driver.Eventually([&] { return !told.empty(); }));
  EXPECT_EQ(told, "found value");
}

TEST(RedisSource, SeveralConnectionsKeepTheOrderOfAKey) {
  RealRedis redis;
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.connections = 3; });
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.counters().connects == 3; }));
  std::vector<std::unique_ptr<Attempt>> attempts;
  int answered = 0;
  driver.OnLoop([&] {
    for (int i = 0; i < 100; ++i) {
      for (const char* key : {"a", "b", "c", "d", "e"}) {
        attempts.push_back(driver.cache().store->Start(
            CacheDriver::StoreQueryFor(key, std::to_string(i)),
            [&](const Outcome&) { ++answered; }));
      }
    }
  });
  ASSERT_TRUE(driver.Eventually([&] { return answered == 500; }));
  for (const Outcome& outcome : driver.FindAll({"a", "b", "c", "d", "e"})) {
    EXPECT_EQ(Told(outcome), "found 99");
  }
  driver.OnLoop([&] { attempts.clear(); });
}

TEST(RedisSource, AKeyOfAnotherKindIsAFailureThatNamesNoKey) {
  RealRedis redis;
  redis.Call({"LPUSH", "fr:t:1:secret", "x"});
  RedisDriver driver(redis.address());
  const Outcome outcome = driver.Find("secret");
  EXPECT_EQ(Told(outcome), "INTERNAL");
  EXPECT_EQ(std::string(outcome.status().message()),
            redis.address() + " answered WRONGTYPE");
}

TEST(RedisSource, AThousandOfOneTurnAreAnsweredInOrder) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back("key " + std::to_string(i));
    if (i % 2 != 0) continue;
    ASSERT_TRUE(driver.Store(keys.back(), std::to_string(i)).ok());
  }
  const std::vector<Outcome> found = driver.FindAll(keys);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Told(found[i]),
              i % 2 == 0 ? "found " + std::to_string(i) : "NOT_FOUND");
  }
}

}  // namespace
}  // namespace frontrunner
