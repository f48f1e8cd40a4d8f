#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/envelope/envelope.h"
#include "tests/fakes/servers/real_memcached.h"
#include "tests/fakes/servers/scripted_server.h"
#include "tests/sources/memcached/cache_client.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// For what must not be what ends a test.
constexpr Duration kLong = seconds(8);
/// For what never answers.
constexpr Duration kShort = milliseconds(30);

/// Comes back soon, but never gives up a peer that is merely slow.
void Patient(MemcachedSettings& settings) {
  settings.connection.connect_timeout = seconds(5);
  settings.connection.stall_timeout = seconds(5);
  settings.connection.backoff.first = milliseconds(5);
  settings.connection.backoff.max = milliseconds(20);
}

/// For peers that hang while connecting.
void GivesUpConnecting(MemcachedSettings& settings) {
  Patient(settings);
  settings.connection.connect_timeout = milliseconds(100);
}

/// For peers that hang later.
void GivesUpSilence(MemcachedSettings& settings) {
  Patient(settings);
  settings.connection.stall_timeout = milliseconds(200);
}

/// Reads one command, all on one line, and the greeting before the first.
bool ReadCommand(Conversation& peer) { return peer.ReadUntil("\r\n"); }

bool Greet(Conversation& peer) {
  return peer.ReadUntil("mn\r\n") && peer.Send("MN\r\n");
}

/// What a server has to say to find the value "v" for key "k".
std::string Stored(std::string_view value = "v") {
  const Query query = CacheClient::StoreQueryFor("k", value);
  return EncodeEnvelope(*query.call, *query.to_store,
                        std::chrono::system_clock::now());
}

std::string HitFor(std::string_view stored, uint64_t opaque) {
  return absl::StrCat("VA ", stored.size(), " O", opaque, "\r\n", Absl(stored),
                      "\r\n");
}

/// Answers the first command of the first connection with `reply`, and works as
/// it should on the connections after it, which have "v".
ScriptedServer::Script FirstReply(std::string reply) {
  return [reply = std::move(reply)](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() == 0) {
      ReadCommand(peer);
      peer.Send(reply);
      peer.Hold();
    }
    for (uint64_t opaque = 1; ReadCommand(peer); ++opaque) {
      peer.Send(HitFor(Stored(), opaque));
    }
  };
}

/// The stream broke: whoever asked gets UNAVAILABLE and another answers, the
/// connection is given up, and the next one works.
void ExpectGivenUp(const std::string& reply) {
  ScriptedServer server(FirstReply(reply));
  CacheClient client({server.address()}, Patient);
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  EXPECT_EQ(client.counters().disconnects, 1);
  ASSERT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(Told(client.Find("k")), "found v");
  EXPECT_EQ(client.counters().connects, 2);
}

TEST(MemcachedFaults, Fault02_AKeyOf250BytesWorks) {
  RealMemcached server;
  CacheClient client({server.address()});
  const std::string key(250, 'k');
  ASSERT_TRUE(client.Store(key, "v").ok());
  EXPECT_EQ(Told(client.Find(key)), "found v");
}

TEST(MemcachedFaults, Fault03_LongKeysWork) {
  RealMemcached server;
  CacheClient client({server.address()});
  for (const size_t size : {251, 64 << 10}) {
    const std::string key(size, 'k');
    ASSERT_TRUE(client.Store(key, absl::StrCat(size)).ok());
    EXPECT_EQ(Told(client.Find(key)), absl::StrCat("found ", size));
    ASSERT_TRUE(client.Erase(key).ok());
    EXPECT_EQ(Told(client.Find(key)), "NOT_FOUND");
  }
}

TEST(MemcachedFaults, Fault04_StrangeKeysWorkAndInjectNothing) {
  RealMemcached server;
  CacheClient client({server.address()});
  std::vector<std::string> keys = {
      "k\r\nflush_all\r\n",
      "k v\r\nms victim 3 T0\r\nbad\r\n",
      std::string("\r\n", 2),
  };
  for (int byte = 0; byte < 256; ++byte) {
    keys.push_back(absl::StrCat(std::string(1, static_cast<char>(byte))));
    keys.push_back(std::string(180, static_cast<char>(byte)));
    keys.push_back(std::string(300, static_cast<char>(byte)));
  }
  ASSERT_TRUE(client.Store("witness", "v").ok());
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_TRUE(client.Store(keys[i], std::to_string(i)).ok()) << i;
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(Told(client.Find(keys[i])), "found " + std::to_string(i));
  }
  for (const std::string& key : keys) {
    ASSERT_TRUE(client.Erase(key).ok());
  }
  for (const std::string& key : keys) {
    ASSERT_EQ(Told(client.Find(key)), "NOT_FOUND");
  }
  EXPECT_EQ(Told(client.Find("witness")), "found v");
  EXPECT_EQ(server.Call("mg victim s\r\n"), "EN\r\n");
  EXPECT_EQ(client.counters().connects, 1);
}

TEST(MemcachedFaults, Fault16_ConnectionRefused) {
  CacheClient client({"127.0.0.1:" + std::to_string(FreePort())}, Patient);
  EXPECT_EQ(Told(client.Find("k")), "UNAVAILABLE");
  EXPECT_EQ(Told(client.Store("k", "v")), "UNAVAILABLE");
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
}

TEST(MemcachedFaults, Fault17_SynBlackholed) {
  const Blackhole blackhole;
  CacheClient client({"127.0.0.1:" + std::to_string(blackhole.port())},
                     GivesUpConnecting);
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kDisconnected));
  // From then on it is known to be dead, and fails at once.
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
}

TEST(MemcachedFaults, Fault18_AcceptsAndNeverReplies) {
  ScriptedServer server([](Conversation& peer) { peer.Hold(); });
  CacheClient client({server.address()}, GivesUpConnecting);
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  // It does not count as connected.
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kDisconnected));
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  EXPECT_EQ(client.counters().connects, 0);
}

TEST(MemcachedFaults, Fault18_FallsSilentAfterTheGreeting) {
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer)) peer.Hold();
  });
  CacheClient client({server.address()}, GivesUpSilence);
  ASSERT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  // Its silence is taken for its death.
  EXPECT_TRUE(
      client.Eventually([&] { return client.counters().disconnects >= 1; }));
}

TEST(MemcachedFaults, Fault19_StoppedAndContinued) {
  RealMemcached server;
  CacheClient client({server.address()}, [](MemcachedSettings& settings) {
    GivesUpConnecting(settings);
    settings.connection.stall_timeout = milliseconds(500);
  });
  ASSERT_TRUE(client.Store("k", "v").ok());
  server.process().Pause();
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  // The kernel still accepts connections for it, but it greets nobody.
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kDisconnected));
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  server.process().Continue();
  EXPECT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(Told(client.Find("k")), "found v");
}

TEST(MemcachedFaults, Fault20_ResetInMidReply) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer) || !ReadCommand(peer)) return;
    peer.Send("VA 100 O");
    peer.Reset();
  });
  CacheClient client({server.address()}, Patient);
  EXPECT_EQ(Told(client.Find("k")), "UNAVAILABLE");
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
}

TEST(MemcachedFaults, Fault21_ClosedInMidReply) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer) || !ReadCommand(peer)) return;
    peer.Send("VA 100 O0\r\nabc");
    peer.Close();
  });
  CacheClient client({server.address()}, Patient);
  EXPECT_EQ(Told(client.Find("k")), "UNAVAILABLE");
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
}

TEST(MemcachedFaults, Fault22_OneByteASecond) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer) || !ReadCommand(peer)) return;
    peer.SendByteByByte(HitFor(Stored(), 0), seconds(1));
  });
  CacheClient client({server.address()}, [](MemcachedSettings& settings) {
    Patient(settings);
    settings.connection.reply_timeout = milliseconds(1500);
  });
  ASSERT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  // Bytes come all the time, but never a reply.
  EXPECT_TRUE(
      client.Eventually([&] { return client.counters().disconnects >= 1; }));
}

TEST(MemcachedFaults, Fault23_AReplyInSingleBytesIsFound) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    for (uint64_t opaque = 0; ReadCommand(peer); ++opaque) {
      peer.SendByteByByte(HitFor(Stored(), opaque), milliseconds(1));
    }
  });
  CacheClient client({server.address()});
  EXPECT_EQ(Told(client.Find("k")), "found v");
  EXPECT_EQ(Told(client.Find("k")), "found v");
}

TEST(MemcachedFaults, Fault24_ALengthLargerThanTheData) {
  // More data never comes: its timeout ends it, and the stall the connection.
  ScriptedServer server(FirstReply("VA 100 O0\r\nabc\r\n"));
  CacheClient client({server.address()}, GivesUpSilence);
  ASSERT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(client.Race("k", kShort), "found fallback");
  EXPECT_TRUE(
      client.Eventually([&] { return client.counters().disconnects == 1; }));
  // The next reply comes in its place: no mistaking it for the value.
  ExpectGivenUp("VA 5 O0\r\nabc\r\nEN O1\r\n");
}

TEST(MemcachedFaults, Fault25_ANegativeOrOverflowingLength) {
  ExpectGivenUp("VA -1 O0\r\nabc\r\n");
  ExpectGivenUp("VA 18446744073709551617 O0\r\nabc\r\n");
  ExpectGivenUp("VA 18446744073709551615 O0\r\nabc\r\n");
}

TEST(MemcachedFaults, Fault26_Garbage) {
  ExpectGivenUp("HTTP/1.1 400 Bad Request\r\n\r\n");
  ExpectGivenUp(std::string(4096, '\0'));
}

TEST(MemcachedFaults, Fault26_AReplyOutOfStep) {
  ExpectGivenUp(HitFor(Stored("another one's"), 1));
}

TEST(MemcachedFaults, Fault26_SomethingElseThanMemcached) {
  ScriptedServer server([](Conversation& peer) {
    peer.ReadUntil("\r\n");
    peer.Send("+PONG\r\n");
    peer.Hold();
  });
  CacheClient client({server.address()}, Patient);
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  EXPECT_EQ(client.counters().connects, 0);
}

TEST(MemcachedFaults, Fault27_ServerErrorFailsOneCommand) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer) || !ReadCommand(peer)) return;
    peer.Send("SERVER_ERROR something is wrong\r\n");
    for (uint64_t opaque = 1; ReadCommand(peer); ++opaque) {
      peer.Send(HitFor(Stored(), opaque));
    }
  });
  CacheClient client({server.address()}, Patient);
  const Outcome failed = client.Find("k");
  EXPECT_EQ(Told(failed), "UNAVAILABLE");
  EXPECT_EQ(failed.status().message(),
            absl::StrCat(server.address(), ": something is wrong"));
  // The connection goes on.
  EXPECT_EQ(Told(client.Find("k")), "found v");
  EXPECT_EQ(client.counters().connects, 1);
}

TEST(MemcachedFaults, Fault27_OutOfMemory) {
  ScriptedServer server(
      FirstReply("SERVER_ERROR out of memory storing object\r\n"));
  CacheClient client({server.address()}, Patient);
  EXPECT_EQ(Told(client.Store("k", "v")), "RESOURCE_EXHAUSTED");
}

TEST(MemcachedFaults, Fault27_ClientErrorEndsTheConnection) {
  ScriptedServer server(FirstReply("CLIENT_ERROR bad command line format\r\n"));
  CacheClient client({server.address()}, Patient);
  EXPECT_EQ(Told(client.Find("k")), "INTERNAL");
  ASSERT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  EXPECT_EQ(Told(client.Find("k")), "found v");
  EXPECT_EQ(client.counters().connects, 2);
}

TEST(MemcachedFaults, Fault27_AServerThatWantsALogin) {
  const std::string users =
      testing::TempDir() + "memcached-users-" + std::to_string(getpid());
  std::ofstream(users) << "user:password\n";
  // It answers nothing but errors; RealMemcached itself would wait for more.
  ChildProcess process;
  const uint16_t port = FreePort();
  process.Start({"memcached", "-u", "root", "-l", "127.0.0.1", "-U", "0", "-p",
                 std::to_string(port), "-Y", users});
  CacheClient client({"127.0.0.1:" + std::to_string(port)}, Patient);
  bool told = false;
  EXPECT_TRUE(client.Eventually([&] {
    // Refused until it is up.
    if (client.counters().connect_failures > 5) told = true;
    return told;
  }));
  const Outcome failed = client.Find("k");
  EXPECT_EQ(Told(failed), "UNAVAILABLE");
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  EXPECT_EQ(client.counters().connects, 0);
  std::remove(users.c_str());
}

TEST(MemcachedFaults, Fault28_AValueAboveOurCapIsRefused) {
  RealMemcached server(RealMemcached::Listen::kTcp, {"-I", "8m"});
  CacheClient client({server.address()}, [](MemcachedSettings& settings) {
    settings.max_value = 1000;
  });
  ASSERT_TRUE(client.Store("k", "v").ok());
  server.Call(absl::StrCat("ms fr:t:1:large 5000000 T0\r\n",
                           std::string(5000000, 'x'), "\r\n"));
  const std::vector<Outcome> outcomes = client.FindAll({"k", "large", "k"});
  EXPECT_EQ(Told(outcomes[0]), "found v");
  EXPECT_EQ(Told(outcomes[1]), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Told(outcomes[2]), "found v");
  EXPECT_EQ(client.Race("large", kLong), "found fallback");
  EXPECT_EQ(client.counters().connects, 1);
}

TEST(MemcachedFaults, Fault28_AValueOfExactlyTheCapWorks) {
  RealMemcached server;
  CacheClient client({server.address()}, [](MemcachedSettings& settings) {
    settings.max_value = 1000;
  });
  const std::string value(1000, 'x');
  ASSERT_TRUE(client.Store("k", value).ok());
  EXPECT_EQ(Told(client.Find("k")), "found " + value);
}

TEST(MemcachedFaults, Fault29_RestartedWhileIdleNobodySeesIt) {
  RealMemcached server;
  CacheClient client({server.address()});
  ASSERT_TRUE(client.Store("k", "v").ok());
  server.process().Kill();
  server.Start();
  // It comes back by itself, without anybody asking.
  EXPECT_TRUE(
      client.Eventually([&] { return client.counters().connects == 2; }));
  EXPECT_EQ(Told(client.Find("k")), "NOT_FOUND");
  EXPECT_EQ(Told(client.Store("k", "v")), "found ");
  EXPECT_EQ(Told(client.Find("k")), "found v");
}

TEST(MemcachedFaults, Fault30_WhatIsNotOursIsAMiss) {
  RealMemcached server;
  CacheClient client({server.address()});
  server.Call("ms fr:t:1:k 7 T0\r\nforeign\r\n");
  EXPECT_EQ(Told(client.Find("k")), "NOT_FOUND");
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
}

TEST(MemcachedFaults, Fault30_ADamagedValueIsAMiss) {
  RealMemcached server;
  CacheClient client({server.address()});
  std::string stored = Stored("value");
  ASSERT_EQ(server.Call(absl::StrCat("ms fr:t:1:k ", stored.size(), " T0\r\n",
                                     stored, "\r\n")),
            "HD\r\n");
  EXPECT_EQ(Told(client.Find("k")), "found value");
  stored.back() = 'E';
  server.Call(
      absl::StrCat("ms fr:t:1:k ", stored.size(), " T0\r\n", stored, "\r\n"));
  EXPECT_EQ(Told(client.Find("k")), "NOT_FOUND");
}

TEST(MemcachedFaults, Fault30_AValueUnderAnotherKeyIsAMiss) {
  RealMemcached server;
  CacheClient client({server.address()});
  const std::string stored = Stored("value of k");
  server.Call(absl::StrCat("ms fr:t:1:other ", stored.size(), " T0\r\n", stored,
                           "\r\n"));
  EXPECT_EQ(Told(client.Find("other")), "NOT_FOUND");
}

TEST(MemcachedFaults, Fault31_AValueAboveOurCapIsNotSent) {
  RealMemcached server;
  CacheClient client({server.address()});
  EXPECT_EQ(Told(client.Store("k", std::string((1 << 20) + 1, 'x'))),
            "RESOURCE_EXHAUSTED");
  EXPECT_EQ(client.counters().commands, 0);
}

TEST(MemcachedFaults, Fault31_AValueAboveMemcachedsItemSizeIsRefused) {
  RealMemcached server;
  CacheClient client({server.address()}, [](MemcachedSettings& settings) {
    settings.max_value = 4 << 20;
  });
  ASSERT_TRUE(client.Store("k", "older").ok());
  const Outcome refused = client.Store("k", std::string(2 << 20, 'x'));
  EXPECT_EQ(Told(refused), "RESOURCE_EXHAUSTED");
  // The connection goes on, and the older value is not mistaken for it.
  EXPECT_EQ(Told(client.Find("k")), "NOT_FOUND");
  EXPECT_EQ(client.counters().connects, 1);
}

TEST(MemcachedFaults, Fault32_FlushedInMidRace) {
  RealMemcached server;
  CacheClient client({server.address()});
  ASSERT_TRUE(client.Store("k", "v").ok());
  // The question waits at the server until after the flush.
  server.process().Pause();
  Outcome found = absl::UnknownError("no answer");
  bool answered = false;
  std::unique_ptr<Attempt> attempt;
  client.OnLoop([&] {
    attempt = client.cache().find->Start(CacheClient::QueryFor("k"),
                                         [&](Outcome outcome) {
                                           found = std::move(outcome);
                                           answered = true;
                                         });
  });
  server.process().Continue();
  EXPECT_EQ(server.Call("flush_all\r\n"), "OK\r\n");
  EXPECT_TRUE(client.Eventually([&] { return answered; }));
  EXPECT_TRUE(Told(found) == "NOT_FOUND" || Told(found) == "found v");
  client.OnLoop([&] { attempt.reset(); });
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  EXPECT_EQ(Told(client.Store("k", "v")), "found ");
  EXPECT_EQ(client.counters().connects, 1);
}

TEST(MemcachedFaults, Fault33_FullOfPendingCommandsItFailsFast) {
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer)) peer.HoldWithoutReading();
  });
  CacheClient client({server.address()}, [](MemcachedSettings& settings) {
    settings.connection.max_outstanding = 10;
  });
  ASSERT_TRUE(client.EventuallyIs(Connectivity::kConnected));
  int answered = 0;
  std::vector<std::unique_ptr<Attempt>> attempts;
  client.OnLoop([&] {
    for (int i = 0; i < 10; ++i) {
      attempts.push_back(client.cache().find->Start(
          CacheClient::QueryFor("k"), [&](Outcome) { ++answered; }));
    }
  });
  EXPECT_EQ(Told(client.Find("k")), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(client.Race("k", kLong), "found fallback");
  EXPECT_EQ(client.counters().refused, 2);
  // Giving up does not make room: the server still owes the replies.
  client.OnLoop([&] { attempts.clear(); });
  EXPECT_EQ(Told(client.Find("k")), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(answered, 0);
}

}  // namespace
}  // namespace frontrunner
