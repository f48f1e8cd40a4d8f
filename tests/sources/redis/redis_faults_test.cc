#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/envelope/envelope.h"
#include "tests/fakes/servers/real_redis.h"
#include "tests/fakes/servers/scripted_server.h"
#include "tests/sources/redis/redis_driver.h"

// What the source says for itself; that another entrant answers then is the
// race's.
namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

bool Greet(Conversation& peer) {
  return peer.ReadUntil("PING\r\n") && peer.Send("+PONG\r\n");
}

/// One command of the tests here, whose keys are one letter.
bool ReadGet(Conversation& peer) { return peer.ReadUntil("fr:t:1:k\r\n"); }

std::string Bulk(std::string_view bytes) {
  return absl::StrCat("$", bytes.size(), "\r\n", Absl(bytes), "\r\n");
}

/// What finds "value" under the key "k".
std::string Hit() {
  const Query query = CacheDriver::StoreQueryFor("k", "value");
  return Bulk(EncodeEnvelope(*query.call, *query.to_store,
                             std::chrono::system_clock::now()));
}

/// Answers the first command of the first connection by `fault`, and works as
/// it should on those after it.
ScriptedServer::Script Once(ScriptedServer::Script fault) {
  return [fault = std::move(fault)](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() == 0) {
      if (ReadGet(peer)) fault(peer);
      return;
    }
    while (ReadGet(peer)) peer.Send(Hit());
  };
}

/// The stream broke: whoever asked is told UNAVAILABLE, and the connection
/// after it works.
void ExpectReconnects(ScriptedServer::Script fault, std::string_view why) {
  ScriptedServer server(Once(std::move(fault)));
  RedisDriver driver(server.address(), Impatient);
  const Outcome outcome = driver.Find("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr(absl::StrCat("lost ", server.address())));
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr(std::string(why)));
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.counters().connects == 2; }));
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  EXPECT_EQ(driver.counters().disconnects, 1);
}

/// Answers the first command with `reply` and goes on.
void ExpectReply(const std::string& reply, const std::string& told) {
  ScriptedServer server([&reply](Conversation& peer) {
    if (!Greet(peer) || !ReadGet(peer)) return;
    peer.Send(reply);
    while (ReadGet(peer)) peer.Send(Hit());
  });
  RedisDriver driver(server.address());
  EXPECT_EQ(Told(driver.Find("k")), told) << reply;
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  EXPECT_EQ(driver.counters().disconnects, 0);
}

void ExpectKeyWorks(const std::string& key) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  EXPECT_EQ(Told(driver.Find(key)), "NOT_FOUND");
  ASSERT_TRUE(driver.Store(key, "value").ok());
  EXPECT_EQ(Told(driver.Find(key)), "found value");
  EXPECT_EQ(redis.Call({"EXISTS", "fr:t:1:" + key}), "1");
  ASSERT_TRUE(driver.Erase(key).ok());
  EXPECT_EQ(Told(driver.Find(key)), "NOT_FOUND");
}

TEST(RedisFaults, Fault02_AKeyOf250BytesWorks) {
  ExpectKeyWorks(std::string(250, 'k'));
}

TEST(RedisFaults, Fault03_KeysOf251BytesAnd64KiBWork) {
  ExpectKeyWorks(std::string(251, 'k'));
  ExpectKeyWorks(std::string(64 << 10, 'k'));
}

TEST(RedisFaults, Fault04_AnyBytesInAKeyWorkAndInjectNothing) {
  using namespace std::string_literals;
  RealRedis redis;
  RedisDriver driver(redis.address());
  for (const std::string& key :
       {"a b"s, "a\tb"s, "a\0b"s, "a\x01"s, "a\x7f"s, "a\r\nFLUSHALL\r\n"s,
        "$3\r\nfoo\r\n*1\r\n$8\r\nFLUSHALL\r\n"s, "\xff\xfe"s}) {
    ASSERT_TRUE(driver.Store(key, "value of " + key).ok());
  }
  EXPECT_EQ(Told(driver.Find("a\0b"s)), "found value of a\0b"s);
  EXPECT_EQ(Told(driver.Find("a"s)), "NOT_FOUND");
  EXPECT_EQ(redis.Call({"DBSIZE"}), "8");
}

TEST(RedisFaults, Fault16_ConnectionRefused) {
  const std::string address = "127.0.0.1:" + std::to_string(FreePort());
  RedisDriver driver(address, Impatient);
  for (int i = 0; i < 3; ++i) {
    const Outcome outcome = driver.Find("k");
    EXPECT_EQ(Told(outcome), "UNAVAILABLE");
    EXPECT_EQ(std::string(outcome.status().message()),
              "not connected to " + address + ": Connection refused");
  }
  EXPECT_EQ(driver.cache().find->connectivity(), Connectivity::kDisconnected);
  // Attempts go on behind them.
  EXPECT_TRUE(driver.Eventually(
      [&] { return driver.counters().connect_failures >= 3; }));
}

TEST(RedisFaults, Fault16_StartedAfterUsItIsFound) {
  RealRedis redis;
  redis.process().Kill();
  RedisDriver driver(redis.address(), Impatient);
  EXPECT_EQ(Told(driver.Find("k")), "UNAVAILABLE");
  redis.Start();
  ASSERT_TRUE(driver.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

TEST(RedisFaults, Fault17_SynBlackholed) {
  Blackhole hole;
  RedisDriver driver("127.0.0.1:" + std::to_string(hole.port()), Impatient);
  EXPECT_EQ(driver.cache().find->connectivity(), Connectivity::kOpening);
  const Outcome outcome = driver.Find("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("connecting timed out"));
  // Nobody else waits for it.
  driver.OnLoop([&] {
    EXPECT_EQ(driver.cache().find->connectivity(), Connectivity::kDisconnected);
  });
  EXPECT_EQ(Told(driver.Find("k")), "UNAVAILABLE");
}

TEST(RedisFaults, Fault18_AcceptsAndNeverReplies) {
  ScriptedServer server([](Conversation& peer) { peer.Hold(); });
  RedisDriver driver(server.address(), Impatient);
  EXPECT_EQ(Told(driver.Find("k")), "UNAVAILABLE");
  EXPECT_EQ(driver.counters().connects, 0);
}

TEST(RedisFaults, Fault18_FallsSilentAfterTheGreeting) {
  ExpectReconnects([](Conversation& peer) { peer.Hold(); },
                   "it has gone silent");
}

TEST(RedisFaults, Fault19_StoppedAndContinued) {
  RealRedis redis;
  RedisDriver driver(redis.address(), Impatient);
  ASSERT_TRUE(driver.Store("k", "value").ok());
  redis.process().Pause();
  EXPECT_EQ(Told(driver.Find("k")), "UNAVAILABLE");
  // The kernel still accepts connections for it, but that is no answer.
  ASSERT_TRUE(driver.EventuallyIs(Connectivity::kDisconnected));
  redis.process().Continue();
  ASSERT_TRUE(driver.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(Told(driver.Find("k")), "found value");
}

TEST(RedisFaults, Fault19_ContinuedBeforeItIsGivenUpEveryoneGetsTheirOwnReply) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("a", "of a").ok());
  ASSERT_TRUE(driver.Store("b", "of b").ok());
  redis.process().Pause();
  std::vector<std::unique_ptr<Attempt>> given_up;
  driver.OnLoop([&] {
    for (int i = 0; i < 100; ++i) {
      given_up.push_back(driver.cache().find->Start(
          CacheDriver::QueryFor("a"),
          [](const Outcome&) { FAIL() << "it had been given up"; }));
    }
  });
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.counters().commands == 102; }));
  driver.OnLoop([&] { given_up.clear(); });
  redis.process().Continue();
  EXPECT_EQ(Told(driver.Find("b")), "found of b");
  EXPECT_EQ(driver.counters().late_replies, 100);
  EXPECT_EQ(driver.counters().disconnects, 0);
}

TEST(RedisFaults, Fault20_ResetInMidReply) {
  ExpectReconnects(
      [](Conversation& peer) {
        peer.Send(Hit().substr(0, 20));
        peer.Reset();
      },
      "Connection reset by peer");
}

TEST(RedisFaults, Fault21_ClosedInMidReply) {
  ExpectReconnects(
      [](Conversation& peer) {
        peer.Send(Hit().substr(0, 20));
        peer.Close();
      },
      "closed by the peer");
}

TEST(RedisFaults, Fault22_AByteNowAndThenIsNoAnswer) {
  ExpectReconnects(
      [](Conversation& peer) { peer.SendByteByByte(Hit(), milliseconds(50)); },
      "it is too slow");
}

TEST(RedisFaults, Fault23_AReplySplitAtEveryByteWorks) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    while (ReadGet(peer)) peer.SendByteByByte(Hit(), milliseconds(0));
  });
  RedisDriver driver(server.address());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Told(driver.Find("k")), "found value");
}

TEST(RedisFaults, Fault24_ALengthLargerThanTheData) {
  // What follows is taken for the rest of the value, and does not end like one.
  ExpectReconnects(
      [](Conversation& peer) {
        peer.Send("$20\r\nvalue\r\n" + Hit());
        peer.Hold();
      },
      "a length that is not the value's");
  // Nothing follows.
  ExpectReconnects(
      [](Conversation& peer) {
        peer.Send("$20\r\nvalue\r\n");
        peer.Hold();
      },
      "it has gone silent");
}

TEST(RedisFaults, Fault25_NegativeAndOverflowingLengths) {
  for (const char* header :
       {"$-2\r\n", "$99999999999999999999\r\n", "$9223372036854775807\r\n",
        "$4294967296\r\n", "$\r\n", "$1x\r\n", "*-2\r\n", "*1000000000\r\n",
        "*9223372036854775807\r\n"}) {
    SCOPED_TRACE(header);
    ExpectReconnects(
        [header](Conversation& peer) {
          peer.Send(header);
          peer.Hold();
        },
        "senseless length");
  }
}

TEST(RedisFaults, Fault26_Garbage) {
  for (const std::string& garbage :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string("\0\0\0\0\0\0\0\0\r\n", 10), std::string("\r\n\r\n"),
        std::string("+OK\nno line end\n"), std::string(100'000, 'x')}) {
    ExpectReconnects(
        [garbage](Conversation& peer) {
          peer.Send(garbage);
          peer.Hold();
        },
        "it does not speak the Redis protocol");
  }
}

TEST(RedisFaults, Fault26_AReplyNobodyAskedFor) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer) || !ReadGet(peer)) return;
    // The second one must not become the next one's answer.
    peer.Send(Hit() + (peer.index() == 0 ? "$-1\r\n" : ""));
    while (ReadGet(peer)) peer.Send(Hit());
  });
  RedisDriver driver(server.address(), Impatient);
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.counters().connects == 2; }));
  EXPECT_EQ(Told(driver.Find("k")), "found value");
}

TEST(RedisFaults, Fault27_ErrorRepliesAreFailuresAndTheConnectionGoesOn) {
  ExpectReply("-OOM command not allowed when used memory > 'maxmemory'.\r\n",
              "RESOURCE_EXHAUSTED");
  ExpectReply("-LOADING Redis is loading the dataset in memory\r\n",
              "UNAVAILABLE");
  ExpectReply("-READONLY You can't write against a read only replica.\r\n",
              "UNAVAILABLE");
  ExpectReply("-MASTERDOWN Link with MASTER is down\r\n", "UNAVAILABLE");
  ExpectReply("-CLUSTERDOWN The cluster is down\r\n", "UNAVAILABLE");
  ExpectReply("-NOAUTH Authentication required.\r\n", "UNAUTHENTICATED");
  ExpectReply("-NOPERM this user has no permissions\r\n", "PERMISSION_DENIED");
  ExpectReply("-ERR unknown command\r\n", "INTERNAL");
  ExpectReply("-\x01\x02 strange\r\n", "INTERNAL");
}

TEST(RedisFaults, Fault27_AFullRedisRefusesToStore) {
  RealRedis redis({"--maxmemory", "1"});
  RedisDriver driver(redis.address());
  const Outcome outcome = driver.Store("k", std::string(100, 'v'));
  EXPECT_EQ(Told(outcome), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(std::string(outcome.status().message()),
            redis.address() + " answered OOM");
}

TEST(RedisFaults, Fault27_AServerThatWantsALoginIsNotConnected) {
  RealRedis redis({"--requirepass", "sesame"});
  RedisDriver driver(redis.address(), Impatient);
  const Outcome outcome = driver.Find("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("PING answered NOAUTH"));
}

TEST(RedisFaults, Fault28_AValueAboveTheCapIsDroppedAsItComes) {
  RealRedis redis;
  // 64 MiB, made inside Redis.
  redis.Call({"SETRANGE", "fr:t:1:huge", "67108863", "x"});
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.max_value = 1000; });
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_EQ(Told(driver.Find("huge")), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  EXPECT_EQ(driver.counters().disconnects, 0);
}

TEST(RedisFaults, Fault28_AValueOfExactlyTheCapIsFound) {
  RealRedis redis;
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.max_value = 1000; });
  const std::string value(1000, 'v');
  ASSERT_TRUE(driver.Store("k", value).ok());
  EXPECT_EQ(Told(driver.Find("k")), "found " + value);
}

TEST(RedisFaults, Fault29_RestartedWhileIdleNobodySeesIt) {
  RealRedis redis;
  RedisDriver driver(redis.address(), [](RedisSettings& s) {
    s.connection.settled = Duration(0);
  });
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Told(driver.Find("k")), "NOT_FOUND");
    redis.process().Stop();
    redis.Start();
    // Whether it has come back by now or not.
    ASSERT_TRUE(driver.EventuallyIs(Connectivity::kConnected));
    EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  }
}

TEST(RedisFaults, Fault29_ClosedWhileIdleTheNextIsHeldForTheNextConnection) {
  ScriptedServer server([](Conversation& peer) {
    if (peer.index() == 1 && !peer.Sleep(milliseconds(50))) return;
    if (!Greet(peer) || !ReadGet(peer)) return;
    peer.Send(Hit());
    if (peer.index() == 1) peer.Hold();
  });
  RedisDriver driver(server.address(), [](RedisSettings& s) {
    s.connection.settled = Duration(0);
  });
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  // The server has closed behind the reply and is slow to greet.
  ASSERT_TRUE(
      driver.Eventually([&] { return driver.counters().disconnects == 1; }));
  EXPECT_EQ(driver.counters().connects, 1);
  EXPECT_EQ(driver.cache().find->connectivity(), Connectivity::kConnected);
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  EXPECT_EQ(driver.counters().connects, 2);
}

TEST(RedisFaults, Fault30_WhatIsNotOursIsAMiss) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  std::string stored = redis.Call({"GET", "fr:t:1:k"});
  redis.Call({"SET", "fr:t:1:foreign", "value"});
  redis.Call({"SET", "fr:t:1:empty", ""});
  redis.Call({"SET", "fr:t:1:other", stored});
  redis.Call({"SETRANGE", "fr:t:1:k", "41", "A"});
  EXPECT_EQ(Told(driver.Find("foreign")), "NOT_FOUND");
  EXPECT_EQ(Told(driver.Find("empty")), "NOT_FOUND");
  EXPECT_EQ(Told(driver.Find("other")), "NOT_FOUND");
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

TEST(RedisFaults, Fault31_AValueTooLargeToStoreIsNotSent) {
  RealRedis redis;
  RedisDriver driver(redis.address(),
                     [](RedisSettings& s) { s.max_value = 1000; });
  EXPECT_EQ(Told(driver.Store("k", std::string(1001, 'v'))),
            "RESOURCE_EXHAUSTED");
  EXPECT_EQ(driver.counters().commands, 0);
}

TEST(RedisFaults, Fault32_FlushedInBetweenIsAMiss) {
  RealRedis redis;
  RedisDriver driver(redis.address());
  ASSERT_TRUE(driver.Store("k", "value").ok());
  EXPECT_EQ(Told(driver.Find("k")), "found value");
  redis.Call({"FLUSHALL"});
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

TEST(RedisFaults, Fault33_FullOfPendingCommandsItFailsFast) {
  RealRedis redis;
  RedisDriver driver(redis.address(), [](RedisSettings& s) {
    s.connection.max_outstanding = 100;
  });
  ASSERT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  redis.process().Pause();
  std::vector<std::string> told;
  std::vector<std::unique_ptr<Attempt>> attempts;
  driver.OnLoop([&] {
    for (int i = 0; i < 102; ++i) {
      attempts.push_back(driver.cache().find->Start(
          CacheDriver::QueryFor("k"),
          [&](const Outcome& outcome) { told.push_back(Told(outcome)); }));
    }
    EXPECT_TRUE(told.empty());
  });
  driver.OnLoop([] {});
  driver.OnLoop([&] {
    EXPECT_EQ(told, std::vector<std::string>(2, "RESOURCE_EXHAUSTED"));
    // Those who give up leave their place in line, so that the bound holds.
    attempts.clear();
  });
  EXPECT_EQ(Told(driver.Find("k")), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(driver.counters().refused, 3);
  redis.process().Continue();
  EXPECT_TRUE(
      driver.Eventually([&] { return driver.counters().late_replies == 100; }));
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

/// Bytes the process has allocated; with a sanitizer's allocator always 0.
size_t Allocated() { return mallinfo2().uordblks; }

TEST(RedisFaults, Fault33_AStoppedRedisUnderLoadKeepsMemoryFlat) {
  RealRedis redis;
  RedisDriver driver(redis.address(), [](RedisSettings& s) {
    s.connection.stall_timeout = std::chrono::hours(1);
    s.connection.reply_timeout = std::chrono::hours(1);
  });
  ASSERT_EQ(Told(driver.Find("k")), "NOT_FOUND");
  redis.process().Pause();
  const Query query = CacheDriver::QueryFor(std::string(100, 'k'));
  const auto give_up_a_thousand = [&] {
    std::vector<std::unique_ptr<Attempt>> attempts;
    driver.OnLoop([&] {
      for (int i = 0; i < 1000; ++i) {
        attempts.push_back(
            driver.cache().find->Start(query, [](const Outcome&) {}));
      }
    });
    driver.OnLoop([] {});
    driver.OnLoop([&] { attempts.clear(); });
  };
  const size_t before = Allocated();
  for (int i = 0; i < 20; ++i) give_up_a_thousand();
  const size_t full = Allocated();
  for (int i = 0; i < 80; ++i) give_up_a_thousand();
  RecordProperty("full", std::to_string(full - before));
  // 16384 places in line, and the commands the kernel did not take.
  EXPECT_LT(full, before + (1 << 20));
  EXPECT_LT(Allocated(), full + (64 << 10));
  EXPECT_GE(driver.counters().refused, 80'000u);
  redis.process().Continue();
  EXPECT_TRUE(driver.Eventually([&] {
    return driver.counters().late_replies == driver.counters().abandoned;
  }));
  EXPECT_EQ(Told(driver.Find("k")), "NOT_FOUND");
}

}  // namespace
}  // namespace frontrunner
