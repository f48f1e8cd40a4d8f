#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/sources/redis/stored_key.h"
#include "tests/fakes/servers/real_redis.h"
#include "tests/fakes/servers/scripted_server.h"
#include "tests/sources/redis/redis_driver.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ChannelOfKey(std::string_view key) {
  return ChannelOf("fr:", *CacheDriver::QueryFor(key).call);
}

/// A Redis cache with watches, each of which has a name.
class WatchDriver : public RedisDriver {
 public:
  explicit WatchDriver(std::string_view address, const Tune& tune = nullptr)
      : WatchDriver(address, tune, std::make_shared<RedisWatchCounters>()) {}
  ~WatchDriver() {
    OnLoop([&] { watches.clear(); });
  }

  void Watch(const std::string& who, std::string_view key) {
    OnLoop([&] { WatchHere(who, key); });
  }
  /// On the loop.
  void WatchHere(const std::string& who, std::string_view key) {
    const auto inside = std::make_shared<bool>(true);
    watches[who] =
        cache().watch->Watch(QueryFor(key).call, [this, who, inside] {
          EXPECT_FALSE(*inside) << "told inside Watch";
          ++told[who];
          order.push_back(who);
          const auto then = when_told.find(who);
          if (then != when_told.end()) then->second();
        });
    *inside = false;
  }
  void Leave(const std::string& who) {
    OnLoop([&] { watches.erase(who); });
  }
  bool WasTold(const std::string& who, int times) {
    return Eventually([&] { return told[who] == times; });
  }
  Outcome Put(std::string_view key, std::string_view value) {
    Query query = StoreQueryFor(key, value);
    auto put = std::make_shared<ToStore>(*query.to_store);
    put->announce = true;
    query.to_store = std::move(put);
    return Ask(*cache().store, query);
  }

  /// Lets so much time pass on the loop: for what must not happen.
  void Pass(Duration time) {
    bool over = false;
    std::unique_ptr<Timer> timer;
    OnLoop([&] {
      timer = loop().At(loop().Now() + time, [&over] { over = true; });
    });
    EXPECT_TRUE(Eventually([&] { return over; }));
    OnLoop([&] { timer.reset(); });
  }

  const RedisWatchCounters& watch_counters() const { return *counters_; }

  // On the loop.
  std::map<std::string, std::unique_ptr<Attempt>> watches;
  std::map<std::string, int> told;
  std::vector<std::string> order;
  std::map<std::string, std::function<void()>> when_told;

 private:
  WatchDriver(std::string_view address, const Tune& tune,
              std::shared_ptr<RedisWatchCounters> counters)
      : RedisDriver(address,
                    [&](RedisSettings& settings) {
                      settings.watch.counters = counters;
                      if (tune) tune(settings);
                    }),
        counters_(std::move(counters)) {}

  const std::shared_ptr<RedisWatchCounters> counters_;
};

/// What redis-server says how many channels are listened to.
bool EventuallyChannels(RealRedis& redis, int count) {
  const std::string expected = "(array of " + std::to_string(count) + ")";
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (redis.Call({"PUBSUB", "CHANNELS"}) != expected) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

TEST(RedisWatch, HearsOfAPutByAnother) {
  RealRedis redis;
  WatchDriver here(redis.address());
  WatchDriver there(redis.address());
  here.Watch("a", "k");
  ASSERT_TRUE(here.WasTold("a", 1));
  EXPECT_TRUE(there.Put("k", "value").ok());
  EXPECT_TRUE(here.WasTold("a", 2));
  EXPECT_EQ(Told(here.Find("k")), "found value");
  EXPECT_EQ(here.watch_counters().heard, 1U);
  EXPECT_EQ(there.watch_counters().announced, 1U);
}

TEST(RedisWatch, SaysLookAgainOnceItIsInPlaceSoThatAnEarlierPutIsFound) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  ASSERT_TRUE(driver.Put("k", "value").ok());
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  // Told after Redis listens for us, not before.
  EXPECT_EQ(redis.Call({"PUBLISH", ChannelOfKey("k"), ""}), "1");
  EXPECT_TRUE(driver.WasTold("a", 2));
}

TEST(RedisWatch, WhoJoinsAWatchInPlaceIsToldToLookToo) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  driver.Watch("b", "k");
  ASSERT_TRUE(driver.WasTold("b", 1));
  EXPECT_TRUE(driver.WasTold("a", 1));
}

TEST(RedisWatch, HearsNothingOfOtherKeysTablesAndWriteBacks) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  ASSERT_TRUE(driver.Store("k", "by a write-back").ok());
  ASSERT_TRUE(driver.Put("l", "value").ok());
  ASSERT_TRUE(driver.Put("k", "value").ok());
  ASSERT_TRUE(driver.WasTold("a", 2));
  EXPECT_EQ(driver.watch_counters().heard, 1U);
  EXPECT_EQ(driver.watch_counters().announced, 2U);
}

TEST(RedisWatch, Fault04_KeysOfAnyBytesAndLengthAreHeardOf) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  const std::vector<std::string> keys = {
      std::string("a\0 b\r\nPUBLISH x y\r\n", 20), std::string(64 << 10, 'k'),
      "\xff*?[", "*"};
  for (const std::string& key : keys) driver.Watch(key, key);
  for (const std::string& key : keys) ASSERT_TRUE(driver.WasTold(key, 1));
  ASSERT_TRUE(driver.Put(keys[0], "value").ok());
  EXPECT_TRUE(driver.WasTold(keys[0], 2));
  ASSERT_TRUE(driver.Put(keys[1], "value").ok());
  EXPECT_TRUE(driver.WasTold(keys[1], 2));
  driver.OnLoop([&] { EXPECT_EQ(driver.told[keys[3]], 1); });
}

TEST(RedisWatch, TheLastToLeaveUnsubscribes) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  driver.Watch("a", "k");
  driver.Watch("b", "k");
  driver.Watch("c", "l");
  ASSERT_TRUE(EventuallyChannels(redis, 2));
  driver.Leave("a");
  driver.Leave("c");
  ASSERT_TRUE(EventuallyChannels(redis, 1));
  const int before = driver.told["b"];
  ASSERT_TRUE(driver.Put("k", "value").ok());
  EXPECT_TRUE(driver.WasTold("b", before + 1));
  driver.Leave("b");
  EXPECT_TRUE(EventuallyChannels(redis, 0));
}

TEST(RedisWatch, WhoComesAndGoesInOneTurnIsNeverSent) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  driver.OnLoop([&] {
    driver.WatchHere("b", "l");
    driver.watches.erase("b");
    // And who goes and comes keeps what it had.
    driver.watches.erase("a");
    driver.WatchHere("a", "k");
  });
  EXPECT_TRUE(driver.WasTold("a", 2));
  driver.Watch("c", "m");
  ASSERT_TRUE(driver.WasTold("c", 1));
  EXPECT_EQ(redis.Call({"PUBSUB", "CHANNELS"}), "(array of 2)");
  EXPECT_THAT(redis.Call({"INFO", "commandstats"}),
              HasSubstr("cmdstat_subscribe:calls=2,"));
}

TEST(RedisWatch, WhoComesBackInALaterTurnIsToldAnew) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  for (int i = 0; i < 100; ++i) {
    driver.Watch("a", "k");
    driver.Leave("a");
  }
  driver.Watch("b", "k");
  ASSERT_TRUE(driver.Eventually([&] { return driver.told["b"] > 0; }));
  ASSERT_TRUE(EventuallyChannels(redis, 1));
  driver.Watch("fence", "l");
  ASSERT_TRUE(driver.WasTold("fence", 1));
  const int before = driver.told["b"];
  ASSERT_TRUE(driver.Put("k", "value").ok());
  EXPECT_TRUE(driver.WasTold("b", before + 1));
}

TEST(RedisWatch, IsConnectedOnlyWhileSomebodyWatches) {
  RealRedis redis;
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    settings.watch.linger = milliseconds(50);
  });
  ASSERT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  EXPECT_EQ(driver.watch_counters().connects, 0U);
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  EXPECT_THAT(redis.Call({"INFO", "clients"}),
              HasSubstr("connected_clients:3"));
  driver.Leave("a");
  EXPECT_TRUE(driver.Eventually([&] {
    return redis.Call({"INFO", "clients"}).find("connected_clients:2") !=
           std::string::npos;
  }));
  driver.Watch("a", "k");
  EXPECT_TRUE(driver.WasTold("a", 2));
  EXPECT_EQ(driver.watch_counters().connects, 2U);
  EXPECT_EQ(driver.watch_counters().disconnects, 0U);
}

TEST(RedisWatch, WhoComesBackSoonKeepsItConnected) {
  RealRedis redis;
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    settings.watch.linger = milliseconds(20);
  });
  driver.OnLoop([&] {
    driver.WatchHere("a", "k");
    driver.watches.erase("a");
    driver.WatchHere("a", "k");
  });
  driver.Pass(milliseconds(60));
  ASSERT_TRUE(driver.WasTold("a", 1));
  ASSERT_TRUE(driver.Put("k", "value").ok());
  EXPECT_TRUE(driver.WasTold("a", 2));
}

TEST(RedisWatch, NobodyConnectsForWhoHasGone) {
  RealRedis redis;
  redis.process().Kill();
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    Impatient(settings);
    settings.watch.linger = milliseconds(1);
  });
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.Eventually(
      [&] { return driver.watch_counters().connect_failures >= 2; }));
  driver.Leave("a");
  driver.Pass(milliseconds(20));
  const uint64_t failures = driver.watch_counters().connect_failures;
  driver.Pass(milliseconds(100));
  EXPECT_EQ(driver.watch_counters().connect_failures, failures);
}

TEST(RedisWatch, StaysConnectedForWhoComesBackSoon) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  for (int i = 1; i <= 3; ++i) {
    driver.Watch("a", "k");
    ASSERT_TRUE(driver.WasTold("a", i));
    driver.Leave("a");
  }
  EXPECT_EQ(driver.watch_counters().connects, 1U);
}

TEST(RedisWatch, LogsInAsTheOtherConnectionsDo) {
  RealRedis redis({"--user", "fr", "on", ">sesame", "~*", "&*", "+@all",
                   "--user", "default", "on", "nopass", "~*", "&*", "+@all"});
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    settings.username = "fr";
    settings.password = "sesame";
    settings.database = 3;
  });
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  EXPECT_THAT(redis.Call({"CLIENT", "LIST", "TYPE", "pubsub"}),
              AllOf(HasSubstr("user=fr "), HasSubstr("db=3 ")));
}

TEST(RedisWatch, TenThousandWatchersOfAKeyShareOneSubscription) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  int told = 0;
  std::vector<std::unique_ptr<Attempt>> watches;
  driver.OnLoop([&] {
    for (int i = 0; i < 10000; ++i) {
      watches.push_back(driver.cache().watch->Watch(
          CacheDriver::QueryFor("k").call, [&] { ++told; }));
    }
  });
  ASSERT_TRUE(driver.Eventually([&] { return told == 10000; }));
  EXPECT_EQ(redis.Call({"PUBSUB", "CHANNELS"}), "(array of 1)");
  ASSERT_TRUE(driver.Put("k", "value").ok());
  EXPECT_TRUE(driver.Eventually([&] { return told == 20000; }));
  EXPECT_EQ(driver.watch_counters().heard, 1U);
  driver.OnLoop([&] { watches.clear(); });
  EXPECT_TRUE(EventuallyChannels(redis, 0));
}

TEST(RedisWatch, TenThousandKeysAreWatched) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  int told = 0;
  std::vector<std::unique_ptr<Attempt>> watches;
  driver.OnLoop([&] {
    for (int i = 0; i < 10000; ++i) {
      watches.push_back(driver.cache().watch->Watch(
          CacheDriver::QueryFor("k" + std::to_string(i)).call,
          [&] { ++told; }));
    }
  });
  ASSERT_TRUE(driver.Eventually([&] { return told == 10000; }));
  ASSERT_TRUE(driver.Put("k77", "value").ok());
  EXPECT_TRUE(driver.Eventually([&] { return told == 10001; }));
  driver.OnLoop([&] { watches.clear(); });
  EXPECT_TRUE(EventuallyChannels(redis, 0));
}

TEST(RedisWatch, ChannelsLeftBeforeAFullSocketTakesThemAreNeverSent) {
  constexpr int kKeys = 200;
  const std::string prefix(64 << 10, 'p');
  const std::string last =
      ChannelOf(prefix, *CacheDriver::QueryFor("last").call) + "\r\n";
  std::atomic<bool> go{false};
  std::atomic<int> subscribed{0};
  ScriptedServer server([&](Conversation& peer) {
    if (!peer.ReadUntil("PING\r\n") || !peer.Send("+PONG\r\n")) return;
    while (!go) {
      if (!peer.Sleep(milliseconds(1))) return;
    }
    std::string seen;
    while (!seen.ends_with(last)) {
      const std::string some = peer.ReadSome();
      if (some.empty()) return;  // the commands' connection says nothing more
      seen += some;
    }
    const std::string_view word = "\r\nSUBSCRIBE\r\n";
    int count = 0;
    for (size_t at = seen.find(word); at != std::string::npos;
         at = seen.find(word, at + 1)) {
      ++count;
    }
    subscribed = count;
  });
  WatchDriver driver(server.address(), [&](RedisSettings& settings) {
    settings.key_prefix = prefix;
    settings.connection.stall_timeout = seconds(30);
  });
  driver.OnLoop([&] {
    for (int i = 0; i < kKeys; ++i) {
      driver.WatchHere(std::to_string(i), std::to_string(i));
    }
  });
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.watch_counters().connects == 1; }));
  driver.OnLoop([&] { driver.watches.clear(); });
  driver.Watch("last", "last");
  go = true;
  ASSERT_TRUE(driver.Eventually([&] { return subscribed > 0; }));
  EXPECT_LT(subscribed, kKeys);
}

TEST(RedisWatch, KeysBeyondTheBoundAreNotWatchedAndCounted) {
  RealRedis redis;
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    settings.watch.max_keys = 1;
  });
  driver.Watch("a", "k");
  driver.Watch("b", "l");
  driver.Watch("c", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  ASSERT_TRUE(driver.WasTold("c", 1));
  EXPECT_EQ(driver.watch_counters().refused, 1U);
  driver.Leave("b");
  driver.OnLoop([&] { EXPECT_EQ(driver.told["b"], 0); });
}

TEST(RedisWatch, WhoIsToldMayEndItsWatchOthersAndTheWholeCache) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  for (const char* who : {"a", "b", "c"}) driver.Watch(who, "k");
  ASSERT_TRUE(driver.WasTold("c", 1));
  driver.OnLoop([&] {
    driver.order.clear();
    driver.when_told["a"] = [&] {
      driver.watches.erase("a");
      driver.watches.erase("b");
    };
    driver.when_told["c"] = [&] {
      driver.cache() = {};
      driver.watches.clear();
    };
  });
  redis.Call({"PUBLISH", ChannelOfKey("k"), ""});
  EXPECT_TRUE(driver.Eventually([&] { return driver.order.size() == 2; }));
  driver.OnLoop([&] { EXPECT_THAT(driver.order, ElementsAre("a", "c")); });
  EXPECT_TRUE(EventuallyChannels(redis, 0));
}

TEST(RedisWatch, AWatchOutlivesItsCache) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  driver.OnLoop([&] {
    driver.WatchHere("a", "k");
    driver.cache() = {};
  });
  EXPECT_TRUE(driver.WasTold("a", 1));
}

TEST(RedisWatch, Fault16_WatchedWhileRedisIsDownItIsTrueOnceItIsBack) {
  RealRedis redis;
  redis.process().Kill();
  WatchDriver here(redis.address(), Impatient);
  here.Watch("a", "k");
  ASSERT_TRUE(here.Eventually(
      [&] { return here.watch_counters().connect_failures >= 2; }));
  here.OnLoop([&] { EXPECT_EQ(here.told["a"], 0); });
  redis.Start();
  ASSERT_TRUE(here.WasTold("a", 1));
  WatchDriver there(redis.address());
  ASSERT_TRUE(there.Put("k", "value").ok());
  EXPECT_TRUE(here.WasTold("a", 2));
}

TEST(RedisWatch, Fault29_ARestartMeansLookAgainAndThenPutsAreHeardOf) {
  RealRedis redis;
  WatchDriver here(redis.address(), Impatient);
  here.Watch("a", "k");
  here.Watch("b", "l");
  ASSERT_TRUE(here.WasTold("a", 1));
  ASSERT_TRUE(here.WasTold("b", 1));
  redis.process().Kill();
  redis.Start();
  ASSERT_TRUE(here.WasTold("a", 2));
  ASSERT_TRUE(here.WasTold("b", 2));
  WatchDriver there(redis.address());
  ASSERT_TRUE(there.Put("k", "value").ok());
  EXPECT_TRUE(here.WasTold("a", 3));
  here.OnLoop([&] { EXPECT_EQ(here.told["b"], 2); });
  EXPECT_EQ(here.watch_counters().disconnects, 1U);
}

TEST(RedisWatch, Fault19_AStoppedRedisIsLeftAndLookedAtAgainWhenItGoesOn) {
  RealRedis redis;
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    Impatient(settings);
    settings.watch.heartbeat = milliseconds(50);
  });
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  redis.process().Pause();
  ASSERT_TRUE(driver.Eventually(
      [&] { return driver.watch_counters().disconnects == 1; }));
  redis.process().Continue();
  EXPECT_TRUE(driver.WasTold("a", 2));
}

TEST(RedisWatch, AQuietConnectionIsKept) {
  RealRedis redis;
  WatchDriver driver(redis.address(), [](RedisSettings& settings) {
    Impatient(settings);
    settings.watch.heartbeat = milliseconds(10);
  });
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  const auto pings = [&redis] {
    const std::string stats = redis.Call({"INFO", "commandstats"});
    return std::stoi(stats.substr(stats.find("cmdstat_ping:calls=") + 19));
  };
  const int before = pings();
  EXPECT_TRUE(driver.Eventually([&] { return pings() >= before + 5; }));
  // Without a subscription Redis answers them in another way.
  driver.Leave("a");
  const int then = pings();
  EXPECT_TRUE(driver.Eventually([&] { return pings() >= then + 5; }));
  EXPECT_EQ(driver.watch_counters().disconnects, 0U);
}

TEST(RedisWatch, Fault20_ALostConnectionAloneMeansLookAgain) {
  RealRedis redis;
  WatchDriver driver(redis.address(), Impatient);
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  EXPECT_EQ(redis.Call({"CLIENT", "KILL", "TYPE", "pubsub"}), "1");
  EXPECT_TRUE(driver.WasTold("a", 2));
}

TEST(RedisWatch, Fault26_NonsenseEndsTheConnection) {
  for (const char* nonsense :
       {"*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\nnonsense\r\n", ":1\r\n",
        "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n+PONG\r\n",
        "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n"
        "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n",
        "-NOPERM no\r\n"}) {
    ScriptedServer server([&](Conversation& peer) {
      // Both connections begin so; the one of the commands hears nothing else.
      if (!peer.ReadUntil("PING\r\n") || !peer.Send("+PONG\r\n")) return;
      if (!peer.ReadUntil("SUBSCRIBE\r\n")) return;
      peer.Send(nonsense);
      peer.Hold();
    });
    WatchDriver driver(server.address(), Impatient);
    driver.Watch("a", "k");
    EXPECT_TRUE(driver.Eventually([&] {
      return driver.watch_counters().disconnects >= 2;
    })) << nonsense;
  }
}

TEST(RedisWatch, WhatComesAtOnceIsToldOnce) {
  const auto push = [](const std::string& kind) {
    const std::string channel = ChannelOfKey("k");
    return "*3\r\n$" + std::to_string(kind.size()) + "\r\n" + kind + "\r\n$" +
           std::to_string(channel.size()) + "\r\n" + channel + "\r\n:1\r\n";
  };
  ScriptedServer server([&](Conversation& peer) {
    if (!peer.ReadUntil("PING\r\n") || !peer.Send("+PONG\r\n")) return;
    if (!peer.ReadUntil("SUBSCRIBE\r\n")) return;
    peer.Send(push("subscribe") + push("message") + push("message"));
    peer.Hold();
  });
  WatchDriver driver(server.address());
  driver.Watch("a", "k");
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.watch_counters().heard == 2; }));
  EXPECT_TRUE(driver.WasTold("a", 1));
  driver.OnLoop([&] { EXPECT_EQ(driver.told["a"], 1); });
}

TEST(RedisWatch, Fault28_AMessageThatIsTooLargeIsHeardWithoutBeingHeld) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  driver.Watch("a", "k");
  ASSERT_TRUE(driver.WasTold("a", 1));
  redis.Call({"PUBLISH", ChannelOfKey("k"), std::string(1 << 20, 'x')});
  EXPECT_TRUE(driver.WasTold("a", 2));
  EXPECT_EQ(driver.watch_counters().disconnects, 0U);
}

TEST(RedisWatch, Fault27_ARefusedAnnouncementIsCountedAndThePutIsGood) {
  RealRedis redis(
      {"--user", "default", "on", "nopass", "~*", "resetchannels", "+@all"});
  WatchDriver driver(redis.address(), Impatient);
  EXPECT_TRUE(driver.Put("k", "value").ok());
  EXPECT_TRUE(driver.Eventually(
      [&] { return driver.watch_counters().announce_failures == 1; }));
  EXPECT_EQ(driver.watch_counters().announced, 0U);
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  // Nor may it listen: it is not told of anything, and tries again.
  driver.Watch("a", "k");
  EXPECT_TRUE(driver.Eventually(
      [&] { return driver.watch_counters().disconnects >= 2; }));
  driver.OnLoop([&] { EXPECT_EQ(driver.told["a"], 0); });
}

TEST(RedisWatch, APutGivenUpInItsTurnIsNotAnnounced) {
  RealRedis redis;
  WatchDriver driver(redis.address());
  ASSERT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  driver.OnLoop([&] {
    Query query = CacheDriver::StoreQueryFor("k", "value");
    auto put = std::make_shared<ToStore>(*query.to_store);
    put->announce = true;
    query.to_store = std::move(put);
    auto attempt = driver.cache().store->Start(query, [](const Outcome&) {});
    attempt.reset();
  });
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  EXPECT_EQ(driver.counters().commands, 2U);
}

TEST(RedisWatch, AnAnnouncementComesBehindALargeValue) {
  RealRedis redis;
  WatchDriver here(redis.address());
  WatchDriver there(redis.address());
  const std::string large(1 << 20, 'x');
  for (int i = 1; i <= 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    here.Watch(key, key);
    ASSERT_TRUE(here.WasTold(key, 1));
    ASSERT_TRUE(there.Put(key, large).ok());
    ASSERT_TRUE(here.WasTold(key, 2));
    EXPECT_EQ(Told(here.Find(key)), "found " + large);
  }
}

}  // namespace
}  // namespace frontrunner
