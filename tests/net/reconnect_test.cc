// How a connection is opened, lost, and opened again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "server/net/connection.h"
#include "tests/net/line_client.h"

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Reconnect, HoldsCommandsWhileTheFirstAttemptIsUnderWay) {
  std::atomic<bool> go{false};
  ScriptedServer server([&](Conversation& peer) {
    while (!go) {
      if (!peer.Sleep(milliseconds(1))) return;
    }
    if (Greet(peer)) EchoLines(peer);
  });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    s.connect_timeout = std::chrono::seconds(10);
  });
  client.OnLoop([&] {
    client.connection->WhenOpened([&] { client.log.push_back("opened"); });
    client.Send("a");
  });
  ASSERT_TRUE(client.Eventually([&] { return server.accepted() == 1; }));
  client.OnLoop([&] {
    EXPECT_EQ(client.connection->connectivity(), Connectivity::kOpening);
    EXPECT_THAT(client.log, IsEmpty());
  });
  go = true;
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 2; }));
  EXPECT_THAT(client.log, ElementsAre("opened", "a: re:a"));
  EXPECT_EQ(client.connection->connectivity(), Connectivity::kConnected);
}

TEST(Reconnect, AFailedFirstAttemptFailsThoseHeldAndOpensTheDoor) {
  LineClient client(FreePort());
  client.OnLoop([&] {
    client.connection->WhenOpened([&] { client.log.push_back("opened"); });
    client.Send("a");
    EXPECT_THAT(client.log, IsEmpty());
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 2; }));
  EXPECT_THAT(client.log,
              testing::UnorderedElementsAre(
                  "opened", testing::AllOf(HasSubstr("a failed: not connected "
                                                     "to 127.0.0.1:"),
                                           EndsWith("Connection refused"))));
  EXPECT_EQ(client.connection->connectivity(), Connectivity::kDisconnected);
}

TEST(Reconnect, WhenOpenedIsNotCalledOnceTheConnectionIsGone) {
  LineClient client(FreePort());
  bool opened = false;
  client.OnLoop([&] {
    client.connection->WhenOpened([&] { opened = true; });
    client.connection.reset();
  });
  client.OnLoop([] {});
  client.OnLoop([&] { EXPECT_FALSE(opened); });
}

TEST(Reconnect, WhenOpenedAskedLateIsCalledAllTheSame) {
  LineClient client(FreePort());
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 1; }));
  bool opened = false;
  client.OnLoop([&] {
    client.connection->WhenOpened([&] { opened = true; });
    EXPECT_FALSE(opened);
  });
  EXPECT_TRUE(client.Eventually([&] { return opened; }));
}

TEST(Reconnect, WhileItIsBrokenCommandsFailAtOnceAndNobodyIsAsked) {
  LineClient client(FreePort(), [](ConnectionSettings& s) {
    s.backoff = {.first = hours(1), .max = hours(1)};
  });
  EXPECT_THAT(client.Ask("a"), EndsWith("Connection refused"));
  EXPECT_THAT(client.Ask("b"), EndsWith("Connection refused"));
  EXPECT_EQ(client.counters->connect_failures, 1);
}

TEST(Reconnect, AGreetingThatIsRefusedIsNoConnection) {
  ScriptedServer server([](Conversation& peer) {
    if (peer.ReadUntil("hello\n")) peer.Send("go away\n");
    peer.Hold();
  });
  LineClient client(server.port());
  EXPECT_THAT(client.Ask("a"), EndsWith("not welcome"));
  EXPECT_EQ(client.counters->connects, 0);
  EXPECT_THAT(client.changes, ElementsAre(EndsWith("not welcome")));
}

TEST(Reconnect, AGreetingThatIsNeverAnsweredTimesOut) {
  ScriptedServer server([](Conversation& peer) { peer.Hold(); });
  LineClient client(server.port());
  EXPECT_THAT(client.Ask("a"), EndsWith("connecting timed out"));
}

TEST(Reconnect, APeerThatClosesInsteadOfGreetingIsNoConnection) {
  ScriptedServer server([](Conversation& peer) { peer.ReadUntil("hello\n"); });
  LineClient client(server.port());
  EXPECT_THAT(client.Ask("a"), EndsWith("closed by the peer"));
  EXPECT_TRUE(
      client.Eventually([&] { return client.counters->connect_failures > 2; }));
}

TEST(Reconnect, ANameThatDoesNotResolveIsNoConnection) {
  LineClient client(1, [](ConnectionSettings& s) {
    s.address.host = "no-such-host.invalid";
    // The system's resolver may be slow to say so.
    s.connect_timeout = std::chrono::seconds(5);
  });
  EXPECT_THAT(client.Ask("a"),
              HasSubstr("not connected to no-such-host.invalid:1: "));
}

TEST(Reconnect, ALostConnectionFailsWhoWaitsForItsReplies) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() > 0) return EchoLines(peer);
    peer.ReadUntil("c\n");
    peer.Send("1\n2");
  });
  LineClient client(server.port());
  client.OnLoop([&] {
    for (const char* text : {"a", "b", "c"}) client.Send(text);
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 3; }));
  const std::string lost =
      " failed: lost " + server.address() + ": closed by the peer";
  EXPECT_THAT(client.log, ElementsAre("a: 1", "b" + lost, "c" + lost));
  // Half a reply of the old connection is not taken for one of the new.
  EXPECT_EQ(client.Ask("d"), "d: re:d");
}

TEST(Reconnect, WhatTheLastConnectionDidNotTakeIsNotSentOnTheNext) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() > 0) return EchoLines(peer);
    // The kernel has taken a part; the rest is still with the client.
    peer.ReadUntil("x");
    peer.Reset();
  });
  LineClient client(server.port(),
                    [](ConnectionSettings& s) { s.max_unwritten = 100 << 20; });
  client.OnLoop([&] { client.Send(std::string(50 << 20, 'x')); });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 1; }));
  EXPECT_THAT(client.log, ElementsAre(HasSubstr(" failed: lost ")));
  EXPECT_EQ(client.Ask("b"), "b: re:b");
}

TEST(Reconnect, AnAttemptThatTimedOutIsNotContinued) {
  ScriptedServer server([](Conversation& peer) { peer.Hold(); });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    // Over before the address is known.
    s.connect_timeout = Duration(0);
    s.backoff = {.first = hours(1), .max = hours(1)};
  });
  EXPECT_THAT(client.Ask("a"), EndsWith("connecting timed out"));
  client.OnLoop([] {});
  EXPECT_EQ(server.accepted(), 0);
}

TEST(Reconnect, SilenceIsCountedFromTheFirstWhoWaits) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    peer.ReadUntil("a\n");
    peer.Send("1\n");
    peer.Hold();
  });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    s.stall_timeout = milliseconds(60);
  });
  EXPECT_EQ(client.Ask("a"), "a: 1");
  TimePoint asked;
  TimePoint failed;
  std::unique_ptr<Timer> later;
  client.OnLoop([&] {
    later = client.loop.At(client.loop.Now() + milliseconds(50), [&] {
      asked = client.loop.Now();
      client.Send("b", [&] { failed = client.loop.Now(); });
    });
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 2; }));
  EXPECT_GE(failed - asked, milliseconds(60));
  client.OnLoop([&] { later.reset(); });
}

TEST(Reconnect, ASettledConnectionIsReopenedAtOnceAndNobodyIsFailed) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() > 0) return EchoLines(peer);
    peer.ReadUntil("a\n");
    peer.Send("1\n");
  });
  LineClient client(server.port());
  EXPECT_EQ(client.Ask("a"), "a: 1");
  EXPECT_EQ(client.Ask("b"), "b: re:b");
  EXPECT_THAT(client.changes, ElementsAre("connected"));
}

TEST(Reconnect, AnUnsettledConnectionIsReopenedWithBackoff) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    peer.ReadUntil("a\n");
    peer.Send("1\n");
  });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    s.settled = hours(1);
    s.backoff = {.first = hours(1), .max = hours(1)};
  });
  EXPECT_EQ(client.Ask("a"), "a: 1");
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 2; }));
  EXPECT_THAT(client.Ask("b"), EndsWith("closed by the peer"));
  EXPECT_EQ(server.accepted(), 1);
}

TEST(Reconnect, ThePeersSilenceIsItsDeath) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() > 0) return EchoLines(peer);
    peer.Hold();
  });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    s.stall_timeout = milliseconds(50);
  });
  EXPECT_THAT(client.Ask("a"), EndsWith("it has gone silent"));
  EXPECT_THAT(client.changes,
              testing::Contains(EndsWith("it has gone silent")));
  ASSERT_TRUE(
      client.Eventually([&] { return client.counters->connects == 2; }));
  EXPECT_EQ(client.Ask("b"), "b: re:b");
}

TEST(Reconnect, SilenceWhileNobodyWaitsIsNone) {
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer)) EchoLines(peer);
  });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    s.stall_timeout = milliseconds(20);
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Ask("a"), "a: re:a");
    // Longer than the timeout.
    bool passed = false;
    std::unique_ptr<Timer> timer;
    client.OnLoop([&] {
      timer = client.loop.At(client.loop.Now() + milliseconds(50),
                             [&] { passed = true; });
    });
    ASSERT_TRUE(client.Eventually([&] { return passed; }));
    client.OnLoop([&] { timer.reset(); });
  }
  EXPECT_EQ(client.counters->disconnects, 0);
}

TEST(Reconnect, APeerThatNeverFinishesAReplyIsLeft) {
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer))
      peer.SendByteByByte(std::string(1000, 'x'), milliseconds(5));
  });
  LineClient client(server.port(), [](ConnectionSettings& s) {
    s.reply_timeout = milliseconds(100);
  });
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 1; }));
  EXPECT_THAT(client.Ask("a"), EndsWith("it is too slow"));
}

TEST(Reconnect, AReplyNobodyAskedForEndsTheConnection) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() == 0) peer.Send("psst\n");
    EchoLines(peer);
  });
  LineClient client(server.port());
  ASSERT_TRUE(
      client.Eventually([&] { return client.counters->connects == 2; }));
  EXPECT_EQ(client.Ask("a"), "a: re:a");
  EXPECT_THAT(client.changes,
              ElementsAre("connected", EndsWith("it said something unasked"),
                          "connected"));
}

TEST(Reconnect, NonsenseEndsTheConnection) {
  ScriptedServer server([](Conversation& peer) {
    if (!Greet(peer)) return;
    if (peer.index() > 0) return EchoLines(peer);
    peer.ReadUntil("b\n");
    peer.Send("1\n!\n2\n");
    peer.Hold();
  });
  LineClient client(server.port());
  client.OnLoop([&] {
    client.Send("a");
    client.Send("b");
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 2; }));
  EXPECT_THAT(client.log, ElementsAre("a: 1", EndsWith("nonsense")));
  ASSERT_TRUE(
      client.Eventually([&] { return client.counters->connects == 2; }));
}

}  // namespace
}  // namespace frontrunner
