// Dropping attempts, and the bounds on how many there are.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "server/base/status.h"
#include "tests/sources/http/http_rig.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;

/// Tells when its connection has gone.
struct SilentServer {
  SilentServer()
      : server([this](Conversation& conversation) {
          if (conversation.ReadUntil("\r\n\r\n")) ++asked;
          conversation.Hold();
          ++gone;
        }) {}
  std::atomic<int> asked{0};
  std::atomic<int> gone{0};
  ScriptedServer server;
};

TEST(HttpCancel, DroppedInTheSameTurnNothingIsSent) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(200, "v"); });
  HttpRig rig(HttpSettingsFor(server.url("/{key}")));
  rig.driver().OnLoop([&] {
    auto attempt = rig.source().Start(CacheDriver::QueryFor("dropped"),
                                      [](Outcome) { FAIL() << "told"; });
    attempt = nullptr;
  });
  EXPECT_EQ(Told(rig.Ask("asked")), "found v");
  EXPECT_EQ(server.connections(), 1);
  ASSERT_EQ(server.requests().size(), 1);
  EXPECT_EQ(server.requests()[0].target, "/asked");
  EXPECT_EQ(rig.counters().cancelled, 1);
}

TEST(HttpCancel, DroppedUnderWayItsConnectionIsClosed) {
  SilentServer silent;
  HttpRig rig(HttpSettingsFor("http://" + silent.server.address() + "/"));
  std::unique_ptr<Attempt> attempt;
  rig.driver().OnLoop([&] {
    attempt = rig.source().Start(CacheDriver::QueryFor("k"),
                                 [](Outcome) { FAIL() << "told"; });
  });
  ASSERT_TRUE(rig.driver().Eventually([&] { return silent.asked == 1; }));
  EXPECT_EQ(silent.gone, 0);
  rig.driver().OnLoop([&] { attempt = nullptr; });
  EXPECT_TRUE(rig.driver().Eventually([&] { return silent.gone == 1; }));
}

TEST(HttpCancel, AListDroppedBetweenItsPagesIsNotAskedForAgain) {
  HttpTestServer server([](const HttpTestRequest&) {
    return WithStatus(503, "", "Retry-After: 1\r\n");
  });
  HttpSettings settings = HttpSettingsFor(server.url("/"));
  settings.pages =
      PagesSettings{.parameter = "c", .next = "/n", .items = "/i", .id = ""};
  HttpRig rig(settings);
  std::unique_ptr<Attempt> attempt;
  rig.driver().OnLoop([&] {
    attempt = rig.source().Start(CacheDriver::QueryFor("k"),
                                 [](Outcome) { FAIL() << "told"; });
  });
  ASSERT_TRUE(
      rig.driver().Eventually([&] { return server.requests().size() == 1; }));
  rig.driver().OnLoop([&] { attempt = nullptr; });
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_EQ(server.requests().size(), 1);
}

TEST(HttpCancel, WhoIsToldMayDropAllOthersOfTheSameMoment) {
  // All are refused, so all are over in the same turn.
  HttpSettings settings = HttpSettingsFor("http://127.0.0.1:1/");
  settings.max_requests = 0;
  HttpRig rig(settings);
  std::vector<std::unique_ptr<Attempt>> attempts(8);
  int told = 0;
  rig.driver().OnLoop([&] {
    for (auto& attempt : attempts) {
      attempt = rig.source().Start(CacheDriver::QueryFor("k"), [&](Outcome) {
        ++told;
        for (auto& any : attempts) any = nullptr;
      });
    }
  });
  EXPECT_TRUE(rig.driver().Eventually([&] { return told > 0; }));
  EXPECT_EQ(Told(rig.Ask("k")), "RESOURCE_EXHAUSTED");
  rig.driver().OnLoop([&] { EXPECT_EQ(told, 1); });
}

TEST(HttpCancel, AnAttemptOutlivesItsSource) {
  HttpTestServer server([](const HttpTestRequest&) {
    HttpTestReply reply = WithStatus(200, "v");
    reply.delay = std::chrono::milliseconds(50);
    return reply;
  });
  HttpRig rig(HttpSettingsFor(server.url("/")));
  std::unique_ptr<Attempt> attempt;
  std::promise<std::string> told;
  rig.driver().OnLoop([&] {
    attempt =
        rig.source().Start(CacheDriver::QueryFor("k"), [&](Outcome outcome) {
          attempt = nullptr;
          told.set_value(Told(outcome));
        });
    rig.driver().cache().find = nullptr;
  });
  EXPECT_EQ(told.get_future().get(), "found v");
}

TEST(HttpCancel, WhatIsAboveTheBoundFailsFast) {
  SilentServer silent;
  HttpSettings settings =
      HttpSettingsFor("http://" + silent.server.address() + "/");
  settings.max_requests = 2;
  HttpRig rig(settings);
  std::vector<std::unique_ptr<Attempt>> attempts;
  rig.driver().OnLoop([&] {
    for (int i = 0; i < 2; ++i) {
      attempts.push_back(
          rig.source().Start(CacheDriver::QueryFor("k"), [](Outcome) {}));
    }
  });
  const Outcome refused = rig.Ask("k");
  EXPECT_EQ(Told(refused), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(RefusalOf(refused.status()), Refusal::kOverloaded);
  EXPECT_EQ(rig.counters().refused, 1);
  // Room is made by whoever goes.
  rig.driver().OnLoop([&] {
    attempts.pop_back();
    attempts.push_back(rig.source().Start(CacheDriver::QueryFor("k"),
                                          [](Outcome) { FAIL() << "told"; }));
  });
  EXPECT_TRUE(rig.driver().Eventually([&] { return silent.asked >= 2; }));
  rig.driver().OnLoop([&] { attempts.clear(); });
}

TEST(HttpCancel, ConnectionsToAHostAreBounded) {
  HttpTestServer server([](const HttpTestRequest&) {
    HttpTestReply reply = WithStatus(200, "v");
    reply.delay = std::chrono::milliseconds(5);
    return reply;
  });
  HttpSettings settings = HttpSettingsFor(server.url("/{key}"));
  settings.connections = 3;
  HttpRig rig(settings);
  for (const Outcome& outcome :
       rig.driver().FindAll(std::vector<std::string>(30, "k"))) {
    EXPECT_EQ(Told(outcome), "found v");
  }
  EXPECT_EQ(server.requests().size(), 30);
  EXPECT_EQ(server.connections(), 3);
}

}  // namespace
}  // namespace frontrunner
