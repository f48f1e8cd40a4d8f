// What a connection does with commands, once it is open.
#include "server/net/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/net/line_client.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void Echo(Conversation& peer) {
  if (Greet(peer)) EchoLines(peer);
}

/// Reads everything up to the line "end" before it answers.
bool ReadToEnd(Conversation& peer) {
  return Greet(peer) && peer.ReadUntil("end\n");
}

TEST(Connection, AnswersInOrder) {
  ScriptedServer server(Echo);
  LineClient client(server.port());
  client.OnLoop([&] {
    for (const char* text : {"a", "b", "c"}) client.Send(text);
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 3; }));
  EXPECT_THAT(client.log, ElementsAre("a: re:a", "b: re:b", "c: re:c"));
}

TEST(Connection, CommandsOfOneTurnGoOutInOneWrite) {
  std::string seen;
  ScriptedServer server([&](Conversation& peer) {
    if (!Greet(peer)) return;
    seen = peer.ReadSome();
    peer.Send("1\n2\n3\n");
    peer.Hold();
  });
  LineClient client(server.port());
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 1; }));
  client.OnLoop([&] {
    for (const char* text : {"a", "b", "c"}) client.Send(text);
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 3; }));
  EXPECT_EQ(seen, "a\nb\nc\n");
}

TEST(Connection, ACommandGivenUpBeforeTheEndOfItsTurnIsNeverSent) {
  ScriptedServer server(Echo);
  LineClient client(server.port());
  EXPECT_EQ(client.Ask("first"), "first: re:first");
  client.OnLoop([&] {
    client.Send("a");
    client.Send("b");
    client.Send("c");
    client.commands.erase(client.commands.begin() + 1);
    EXPECT_EQ(client.connection->outstanding(), 2u);
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 3; }));
  EXPECT_THAT(client.log, ElementsAre("first: re:first", "a: re:a", "c: re:c"));
  EXPECT_EQ(client.counters->commands, 3);
  EXPECT_EQ(client.counters->abandoned, 0);
}

TEST(Connection, TheReplyOfACommandGivenUpIsDropped) {
  ScriptedServer server([](Conversation& peer) {
    if (ReadToEnd(peer)) peer.Send("1\n2\n3\n");
    EchoLines(peer);
  });
  LineClient client(server.port());
  client.OnLoop([&] {
    for (const char* text : {"a", "b", "end"}) client.Send(text);
    EXPECT_THAT(client.log, IsEmpty());
  });
  ASSERT_TRUE(
      client.Eventually([&] { return client.counters->commands == 3; }));
  EXPECT_EQ(client.Eventually([&] {
    client.commands.erase(client.commands.begin(), client.commands.end() - 1);
    return !client.log.empty();
  }),
            true);
  EXPECT_EQ(client.log.back(), "end: 3");
}

TEST(Connection, AbandonedPlacesAndTheirLateRepliesAreCounted) {
  std::atomic<bool> go{false};
  ScriptedServer server([&](Conversation& peer) {
    if (!ReadToEnd(peer)) return;
    while (!go) {
      if (!peer.Sleep(milliseconds(1))) return;
    }
    peer.Send("1\n2\n3\n");
    peer.Hold();
  });
  LineClient client(server.port());
  client.OnLoop([&] {
    for (const char* text : {"a", "b", "end"}) client.Send(text);
  });
  ASSERT_TRUE(
      client.Eventually([&] { return client.counters->commands == 3; }));
  client.OnLoop([&] {
    client.commands.erase(client.commands.begin() + 1);
    client.commands.erase(client.commands.begin());
    // They keep their places.
    EXPECT_EQ(client.connection->outstanding(), 3u);
  });
  EXPECT_EQ(client.counters->abandoned, 2);
  EXPECT_EQ(client.counters->late_replies, 0);
  go = true;
  ASSERT_TRUE(client.Eventually([&] { return !client.log.empty(); }));
  EXPECT_THAT(client.log, ElementsAre("end: 3"));
  EXPECT_EQ(client.counters->late_replies, 2);
}

TEST(Connection, RefusesWhatIsAboveItsBoundsAtOnceButNotInside) {
  ScriptedServer server(Echo);
  LineClient client(server.port(),
                    [](ConnectionSettings& s) { s.max_outstanding = 2; });
  client.OnLoop([&] {
    for (const char* text : {"a", "b", "c"}) client.Send(text);
    EXPECT_THAT(client.log, IsEmpty());
  });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 3; }));
  EXPECT_THAT(client.log[0], HasSubstr("c failed: too much is waiting for "));
  EXPECT_THAT(client.log[1], "a: re:a");
  EXPECT_EQ(client.counters->refused, 1);
  EXPECT_EQ(client.Ask("d"), "d: re:d");
}

TEST(Connection, BoundsTheBytesThatAreNotWritten) {
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer)) peer.HoldWithoutReading();
  });
  LineClient client(server.port(),
                    [](ConnectionSettings& s) { s.max_unwritten = 1 << 20; });
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 1; }));
  // Far more than the kernel takes for a peer that does not read.
  const std::string text(100'000, 'x');
  ASSERT_TRUE(client.Eventually([&] {
    for (int i = 0; i < 10; ++i) client.Send(text);
    return !client.log.empty();
  }));
  // On the loop, for more refusals may still come.
  client.OnLoop([&] {
    EXPECT_THAT(client.log[0], HasSubstr("too much is waiting for "));
  });
  const uint64_t written = client.counters->commands;
  client.OnLoop([&] {
    client.log.clear();
    client.commands.clear();  // what was not written is forgotten
    client.Send(text);
  });
  client.OnLoop([] {});
  client.OnLoop([&] { EXPECT_THAT(client.log, IsEmpty()); });
  EXPECT_EQ(client.counters->commands, written);
}

TEST(Connection, WritesOnWhenThePeerReadsAgain) {
  constexpr int kCommands = 100;
  const std::string text(100'000, 'x');
  ScriptedServer server([&](Conversation& peer) {
    if (!Greet(peer)) return;
    if (!peer.Sleep(milliseconds(50))) return;
    if (!peer.ReadBytes(kCommands * (text.size() + 1))) return;
    for (int i = 0; i < kCommands; ++i) peer.Send("ok\n");
    peer.Hold();
  });
  LineClient client(server.port(),
                    [](ConnectionSettings& s) { s.max_unwritten = 1 << 30; });
  client.OnLoop([&] {
    for (int i = 0; i < kCommands; ++i) client.Send(text);
  });
  ASSERT_TRUE(
      client.Eventually([&] { return client.log.size() == kCommands; }));
  EXPECT_THAT(client.log.back(), HasSubstr(": ok"));
}

TEST(Connection, WhatAFullSocketDoesNotTakeCanStillBeGivenUp) {
  constexpr size_t kCommands = 200;
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer)) peer.HoldWithoutReading();
  });
  LineClient client(server.port(),
                    [](ConnectionSettings& s) { s.max_unwritten = 1 << 30; });
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 1; }));
  client.OnLoop([&] {
    for (size_t i = 0; i < kCommands; ++i) {
      client.Send(std::string(100'000, 'x'));
    }
  });
  ASSERT_TRUE(client.Eventually([&] { return client.counters->commands > 0; }));
  client.OnLoop([&] {
    EXPECT_LT(client.counters->commands, kCommands);
    client.commands.clear();
    EXPECT_EQ(client.connection->outstanding(), client.counters->commands);
  });
}

TEST(Connection, ACommandMaySendAnotherFromItsReply) {
  ScriptedServer server(Echo);
  LineClient client(server.port());
  client.OnLoop([&] { client.Send("a", [&] { client.Send("b"); }); });
  ASSERT_TRUE(client.Eventually([&] { return client.log.size() == 2; }));
  EXPECT_THAT(client.log, ElementsAre("a: re:a", "b: re:b"));
}

TEST(Connection, ACommandMayDestroyItselfAndThoseBehindIt) {
  ScriptedServer server([](Conversation& peer) {
    if (ReadToEnd(peer)) peer.Send("1\n2\n3\n");
    EchoLines(peer);
  });
  LineClient client(server.port());
  client.OnLoop([&] {
    client.Send("a", [&] { client.commands.clear(); });
    client.Send("b");
    client.Send("end");
  });
  ASSERT_TRUE(client.Eventually([&] { return !client.log.empty(); }));
  EXPECT_EQ(client.Ask("c"), "c: re:c");
  EXPECT_THAT(client.log, ElementsAre("a: 1", "c: re:c"));
}

TEST(Connection, ACommandMayDestroyTheConnectionFromItsReply) {
  ScriptedServer server([](Conversation& peer) {
    if (ReadToEnd(peer)) peer.Send("1\n2\n3\n");
    peer.Hold();
  });
  LineClient client(server.port());
  client.OnLoop([&] {
    client.Send("a", [&] { client.connection.reset(); });
    client.Send("b");
    client.Send("end");
  });
  ASSERT_TRUE(client.Eventually([&] { return client.connection == nullptr; }));
  client.OnLoop([] {});
  client.OnLoop([&] { EXPECT_THAT(client.log, ElementsAre("a: 1")); });
  // It is gone, not lost: the replies behind the first are nobody's.
  EXPECT_EQ(client.counters->disconnects, 0);
}

TEST(Connection, ACommandMayDestroyTheConnectionFromItsFailure) {
  LineClient client(FreePort());
  client.OnLoop([&] {
    client.Send("a", [&] { client.connection.reset(); });
    client.Send("b");
  });
  ASSERT_TRUE(client.Eventually([&] { return client.connection == nullptr; }));
  client.OnLoop([] {});
  client.OnLoop(
      [&] { EXPECT_THAT(client.log, ElementsAre(StartsWith("a failed"))); });
}

TEST(Connection, ACommandMayDestroyThoseWhoFailWithIt) {
  LineClient client(FreePort());
  client.OnLoop([&] {
    client.Send("a", [&] { client.commands.clear(); });
    client.Send("b");
    client.Send("c");
  });
  ASSERT_TRUE(client.Eventually([&] { return !client.log.empty(); }));
  client.OnLoop([] {});
  client.OnLoop(
      [&] { EXPECT_THAT(client.log, ElementsAre(StartsWith("a failed"))); });
}

TEST(Connection, DestroyedItCallsNobodyAndCommandsOutliveIt) {
  ScriptedServer server([](Conversation& peer) {
    if (Greet(peer)) peer.Hold();
  });
  LineClient client(server.port(),
                    [](ConnectionSettings& s) { s.max_outstanding = 2; });
  ASSERT_TRUE(client.Eventually([&] { return client.changes.size() == 1; }));
  client.OnLoop([&] { client.Send("in line"); });
  ASSERT_TRUE(
      client.Eventually([&] { return client.counters->commands == 1; }));
  client.OnLoop([&] {
    client.Send("held");
    client.Send("failing");
    client.connection.reset();
  });
  client.OnLoop([] {});
  client.OnLoop([&] {
    EXPECT_THAT(client.log, IsEmpty());
    client.commands.clear();
  });
}

}  // namespace
}  // namespace frontrunner
