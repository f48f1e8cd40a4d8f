#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/base/strings.h"
#include "tests/fakes/servers/real_memcached.h"
#include "tests/fakes/servers/scripted_server.h"
#include "tests/sources/memcached/cache_client.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// With real servers of both kinds.
class MemcachedSource : public testing::TestWithParam<RealMemcached::Listen> {
 protected:
  RealMemcached server_{GetParam()};
  CacheClient client_{{server_.address()}};
};

INSTANTIATE_TEST_SUITE_P(Real, MemcachedSource,
                         testing::Values(RealMemcached::Listen::kTcp,
                                         RealMemcached::Listen::kUnixSocket),
                         [](const auto& listen) {
                           return listen.param == RealMemcached::Listen::kTcp
                                      ? "Tcp"
                                      : "UnixSocket";
                         });

TEST_P(MemcachedSource, AMissIsNotFound) {
  EXPECT_EQ(Told(client_.Find("k")), "NOT_FOUND");
}

TEST_P(MemcachedSource, WhatIsStoredIsFound) {
  EXPECT_EQ(Told(client_.Store("k", "a value")), "found ");
  EXPECT_EQ(Told(client_.Find("k")), "found a value");
  EXPECT_EQ(Told(client_.Find("other")), "NOT_FOUND");
}

TEST_P(MemcachedSource, WhatIsErasedIsAMiss) {
  ASSERT_TRUE(client_.Store("k", "a value").ok());
  EXPECT_EQ(Told(client_.Erase("k")), "found ");
  EXPECT_EQ(Told(client_.Find("k")), "NOT_FOUND");
}

TEST_P(MemcachedSource, ErasingWhatIsNotThereSucceeds) {
  EXPECT_EQ(Told(client_.Erase("k")), "found ");
}

TEST_P(MemcachedSource, EmptyAndBinaryAndLargeValuesComeBack) {
  for (const std::string& value :
       {std::string(), std::string("\0\r\nEN\r\n\xff", 8),
        std::string(1000000, 'x')}) {
    ASSERT_TRUE(client_.Store("k", value).ok());
    EXPECT_EQ(Told(client_.Find("k")), "found " + value);
  }
}

TEST_P(MemcachedSource, TheKeyIsStoredUnderPrefixTableAndVersion) {
  ASSERT_TRUE(client_.Store("k", "v").ok());
  EXPECT_EQ(server_.Call("mg fr:t:1:k s\r\n"), "HD s41\r\n");
}

TEST_P(MemcachedSource, MemcachedKeepsAValueNoShorterThanItsTtl) {
  ASSERT_TRUE(client_.Store("k", "v", milliseconds(59500)).ok());
  EXPECT_EQ(server_.Call("mg fr:t:1:k t\r\n"), "HD t61\r\n");
  ASSERT_TRUE(client_.Store("k", "v").ok());
  EXPECT_EQ(server_.Call("mg fr:t:1:k t\r\n"), "HD t-1\r\n");
  // Memcached would take more than thirty days for a date in 1970.
  ASSERT_TRUE(client_.Store("k", "v", hours(24 * 365)).ok());
  EXPECT_EQ(server_.Call("mg fr:t:1:k t\r\n"), "HD t2592000\r\n");
  EXPECT_EQ(Told(client_.Find("k")), "found v");
}

TEST_P(MemcachedSource, AValueKnowsHowLongItIsFresh) {
  ASSERT_TRUE(client_.Store("k", "v", hours(1)).ok());
  const Outcome found = client_.Find("k");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_LE(found->fresh_for, hours(1));
  EXPECT_GT(found->fresh_for, hours(1) - seconds(30));
  EXPECT_GE(found->age, Duration(0));
}

TEST_P(MemcachedSource, AValueExpiresToTheMillisecond) {
  // Memcached itself would have it for another second or two.
  ASSERT_TRUE(client_.Store("k", "v", milliseconds(1)).ok());
  EXPECT_TRUE(client_.Eventually([start = std::chrono::steady_clock::now()] {
    return std::chrono::steady_clock::now() - start > milliseconds(2);
  }));
  EXPECT_EQ(Told(client_.Find("k")), "NOT_FOUND");
  EXPECT_EQ(server_.Call("mg fr:t:1:k s\r\n"), "HD s41\r\n");
}

TEST_P(MemcachedSource, ManyCommandsShareOneConnection) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    keys.push_back(std::to_string(i));
  }
  for (int i = 0; i < 1000; i += 2) {
    ASSERT_TRUE(client_.Store(keys[i], "value of " + keys[i]).ok());
  }
  const std::vector<Outcome> outcomes = client_.FindAll(keys);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Told(outcomes[i]),
              i % 2 == 0 ? "found value of " + keys[i] : "NOT_FOUND");
  }
  EXPECT_EQ(client_.counters().connects, 1);
}

TEST_P(MemcachedSource, NamesItselfAsConfigured) {
  client_.OnLoop([&] {
    EXPECT_EQ(client_.cache().find->name(), "mc");
    EXPECT_EQ(client_.cache().store->name(), "mc");
    EXPECT_EQ(client_.cache().erase->name(), "mc");
  });
}

TEST_P(MemcachedSource, NeverAnswersInsideStart) {
  ASSERT_TRUE(client_.EventuallyIs(Connectivity::kConnected));
  std::vector<std::string> log;
  std::vector<std::unique_ptr<Attempt>> attempts;
  client_.OnLoop([&] {
    const auto start = [&](Source& source, const Query& query) {
      attempts.push_back(
          source.Start(query, [&](Outcome) { log.emplace_back("done"); }));
      log.emplace_back("started");
    };
    start(*client_.cache().find, CacheClient::QueryFor("k"));
    start(*client_.cache().store, CacheClient::StoreQueryFor("k", "v"));
    start(*client_.cache().store,
          CacheClient::StoreQueryFor("k", std::string(2 << 20, 'x')));
    start(*client_.cache().erase, CacheClient::QueryFor("k"));
  });
  EXPECT_TRUE(client_.Eventually([&] { return log.size() == 8; }));
  EXPECT_EQ(
      log, std::vector<std::string>({"started", "started", "started", "started",
                                     "done", "done", "done", "done"}));
  client_.OnLoop([&] { attempts.clear(); });
}

TEST_P(MemcachedSource, ADestroyedAttemptIsNotAnswered) {
  ASSERT_TRUE(client_.Store("k", "v").ok());
  int answered = 0;
  std::unique_ptr<Attempt> attempt;
  std::unique_ptr<Attempt> refused;
  client_.OnLoop([&] {
    attempt = client_.cache().find->Start(CacheClient::QueryFor("k"),
                                          [&](Outcome) { ++answered; });
    refused = client_.cache().store->Start(
        CacheClient::StoreQueryFor("k", std::string(2 << 20, 'x')),
        [&](Outcome) { ++answered; });
    attempt.reset();
    refused.reset();
  });
  // Those that come behind it are.
  EXPECT_EQ(Told(client_.Find("k")), "found v");
  EXPECT_EQ(answered, 0);
}

TEST_P(MemcachedSource, AReplyForADestroyedAttemptIsDropped) {
  ASSERT_TRUE(client_.Store("k", "v").ok());
  server_.process().Pause();
  int answered = 0;
  std::unique_ptr<Attempt> attempt;
  client_.OnLoop([&] {
    attempt = client_.cache().find->Start(CacheClient::QueryFor("k"),
                                          [&](Outcome) { ++answered; });
  });
  EXPECT_TRUE(
      client_.Eventually([&] { return client_.counters().commands == 2; }));
  client_.OnLoop([&] { attempt.reset(); });
  server_.process().Continue();
  // Those behind it get their own replies, on the same connection.
  EXPECT_EQ(Told(client_.Find("other")), "NOT_FOUND");
  EXPECT_EQ(Told(client_.Find("k")), "found v");
  EXPECT_EQ(answered, 0);
  EXPECT_EQ(client_.counters().late_replies, 1);
  EXPECT_EQ(client_.counters().connects, 1);
}

TEST_P(MemcachedSource, DoneMayDestroyItsAttempt) {
  std::unique_ptr<Attempt> attempt;
  bool answered = false;
  client_.OnLoop([&] {
    attempt =
        client_.cache().find->Start(CacheClient::QueryFor("k"), [&](Outcome) {
          attempt.reset();
          answered = true;
        });
  });
  EXPECT_TRUE(client_.Eventually([&] { return answered; }));
  EXPECT_EQ(attempt, nullptr);
}

TEST_P(MemcachedSource, DoneMayDestroyTheSourceToo) {
  for (const bool refused : {false, true}) {
    CacheClient client({server_.address()});
    std::unique_ptr<Attempt> attempt;
    std::unique_ptr<Attempt> behind;
    bool answered = false;
    client.OnLoop([&] {
      attempt = client.cache().store->Start(
          CacheClient::StoreQueryFor("k",
                                     std::string(refused ? 2 << 20 : 1, 'x')),
          [&](Outcome) {
            behind.reset();
            attempt.reset();
            client.cache() = {};
            answered = true;
          });
      behind = client.cache().find->Start(CacheClient::QueryFor("k"),
                                          [](Outcome) {});
    });
    EXPECT_TRUE(client.Eventually([&] { return answered; }));
  }
}

TEST_P(MemcachedSource, AnAttemptIsAnsweredThoughItsSourceIsGone) {
  std::unique_ptr<Attempt> attempt;
  bool answered = false;
  client_.OnLoop([&] {
    attempt = client_.cache().find->Start(CacheClient::QueryFor("k"),
                                          [&](Outcome) { answered = true; });
    client_.cache() = {};
  });
  EXPECT_TRUE(client_.Eventually([&] { return answered; }));
  client_.OnLoop([&] { attempt.reset(); });
}

TEST_P(MemcachedSource, TellsWhenItHasOpened) {
  CacheClient client({"127.0.0.1:1"}, [&](MemcachedSettings& settings) {
    settings.servers = {*ParseAddress(server_.address(), 11211)};
  });
  int opened = 0;
  client.OnLoop([&] {
    // Perhaps it has already: then it is told all the same.
    client.cache().find->WhenOpened([&] { ++opened; });
    EXPECT_EQ(opened, 0);
  });
  EXPECT_TRUE(client.Eventually([&] { return opened == 1; }));
  EXPECT_EQ(client.cache().find->connectivity(), Connectivity::kConnected);
}

TEST(MemcachedSourceOpening, IsOpeningUntilTheFirstAttemptHasEnded) {
  const Blackhole blackhole;
  CacheClient client({"127.0.0.1:" + std::to_string(blackhole.port())},
                     [](MemcachedSettings& settings) {
                       settings.connection.connect_timeout = milliseconds(50);
                     });
  int opened = 0;
  client.OnLoop([&] {
    EXPECT_EQ(client.cache().find->connectivity(), Connectivity::kOpening);
    client.cache().find->WhenOpened([&] { ++opened; });
    client.cache().erase->WhenOpened([&] { ++opened; });
    EXPECT_EQ(opened, 0);
  });
  EXPECT_TRUE(client.Eventually([&] { return opened == 2; }));
  EXPECT_EQ(client.cache().find->connectivity(), Connectivity::kDisconnected);
}

TEST(MemcachedSourceOpening, ADestroyedSourceIsNotTold) {
  const Blackhole blackhole;
  CacheClient client({"127.0.0.1:" + std::to_string(blackhole.port())},
                     [](MemcachedSettings& settings) {
                       settings.connection.connect_timeout = milliseconds(50);
                     });
  int of_find = 0;
  int of_erase = 0;
  client.OnLoop([&] {
    client.cache().find->WhenOpened([&] { ++of_find; });
    client.cache().erase->WhenOpened([&] { ++of_erase; });
    client.cache().find.reset();
  });
  EXPECT_TRUE(client.Eventually([&] { return of_erase == 1; }));
  EXPECT_EQ(of_find, 0);
}

TEST(MemcachedServersTest, SeveralServersShareTheKeys) {
  RealMemcached a;
  RealMemcached b;
  CacheClient client({a.address(), b.address()});
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    keys.push_back(std::to_string(i));
    ASSERT_TRUE(client.Store(keys.back(), keys.back()).ok());
  }
  for (const std::string& key : keys) {
    EXPECT_EQ(Told(client.Find(key)), "found " + key);
    const std::string command = "mg fr:t:1:" + key + " s\r\n";
    // Each key is on one of them.
    EXPECT_NE(a.Call(command) == "EN\r\n", b.Call(command) == "EN\r\n");
  }
}

TEST(MemcachedServersTest, ADeadServerFailsOnlyItsKeys) {
  RealMemcached a;
  RealMemcached b;
  CacheClient client({a.address(), b.address()});
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    keys.push_back(std::to_string(i));
    ASSERT_TRUE(client.Store(keys.back(), keys.back()).ok());
  }
  std::vector<std::string> expected;
  int on_a = 0;
  for (const std::string& key : keys) {
    const bool is_on_a = a.Call("mg fr:t:1:" + key + " s\r\n") != "EN\r\n";
    on_a += is_on_a ? 1 : 0;
    expected.push_back(is_on_a ? "UNAVAILABLE" : "found " + key);
  }
  EXPECT_GT(on_a, 20);
  EXPECT_LT(on_a, 80);
  a.process().Kill();
  const std::vector<Outcome> outcomes = client.FindAll(keys);
  std::vector<std::string> told;
  for (const Outcome& outcome : outcomes) {
    told.push_back(Told(outcome));
  }
  EXPECT_EQ(told, expected);
  // The cache as a whole is still connected.
  EXPECT_EQ(client.cache().find->connectivity(), Connectivity::kConnected);
}

TEST(MemcachedServersTest, IsConnectedWhenAnyServerIs) {
  RealMemcached a;
  CacheClient client({"127.0.0.1:" + std::to_string(FreePort()), a.address()});
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  a.process().Kill();
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kDisconnected));
  a.Start();
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kConnected));
}

}  // namespace
}  // namespace frontrunner
