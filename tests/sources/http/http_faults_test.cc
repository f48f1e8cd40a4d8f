// HTTP backends gone wrong, numbered as in tests/fault_rows.txt.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/sources/http/http_rig.h"

namespace frontrunner {
namespace {

using ::testing::HasSubstr;

Outcome OutcomeOf(const HttpTestReply& reply, HttpSettings settings = {}) {
  HttpTestServer server([&](const HttpTestRequest&) { return reply; });
  settings.name = "http";
  settings.url = server.url("/{key}");
  return HttpRig(settings).Ask("k");
}

TEST(HttpFaults, Fault38_ATruncatedBodyIsNoValue) {
  EXPECT_EQ(Told(OutcomeOf({.bytes = "HTTP/1.1 200 OK\r\nContent-Length: "
                                     "100\r\n\r\nonly this",
                            .close = true})),
            "UNAVAILABLE");
}

TEST(HttpFaults, Fault38_AChunkedBodyWithoutItsEndIsNoValue) {
  EXPECT_EQ(Told(OutcomeOf({.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                     "chunked\r\n\r\n5\r\nwhole\r\n",
                            .close = true})),
            "UNAVAILABLE");
}

TEST(HttpFaults, Fault38_ACompressedBodyCutShortIsNoValue) {
  const std::string packed = Gzipped(std::string(1000, 'x') + "end");
  // HTTP itself sees nothing missing.
  for (const size_t left : {packed.size() - 1, packed.size() - 9, size_t{12}}) {
    EXPECT_EQ(Told(OutcomeOf(WithStatus(200, packed.substr(0, left),
                                        "Content-Encoding: gzip\r\n"))),
              "UNAVAILABLE")
        << left;
  }
}

TEST(HttpFaults, Fault38_ADamagedCompressedBodyIsNoValue) {
  std::string packed = Gzipped(std::string(1000, 'x') + "end");
  packed[packed.size() - 6] ^= 1;  // in its checksum
  EXPECT_EQ(
      Told(OutcomeOf(WithStatus(200, packed, "Content-Encoding: gzip\r\n"))),
      "INTERNAL");
}

TEST(HttpFaults, Fault38_NoAnswerAtAllIsAFailure) {
  EXPECT_EQ(Told(OutcomeOf({.bytes = "", .close = true})), "UNAVAILABLE");
  EXPECT_EQ(Told(OutcomeOf({.bytes = "HTTP/1.1 200", .close = true})),
            "UNAVAILABLE");
}

TEST(HttpFaults, Fault38_AnAnswerThatIsNotHttpIsAFailure) {
  EXPECT_EQ(
      Told(OutcomeOf({.bytes = "* OK IMAP ready\r\n\r\n", .close = true})),
      "UNAVAILABLE");
}

TEST(HttpFaults, Fault39_AnErrorsBodyIsNeverAValue) {
  HttpSettings settings;
  for (const char* pointer : {"", "/a"}) {
    settings.value = pointer;
    for (const int status : {500, 503, 404, 302, 401}) {
      EXPECT_FALSE(
          OutcomeOf(WithStatus(status, R"({"a": "x"})"), settings).ok())
          << status;
    }
  }
}

TEST(HttpFaults, Fault39_AnErrorsBodyWithoutEndIsThatError) {
  EXPECT_EQ(Told(OutcomeOf(WithStatus(500, std::string(1 << 20, 'x')))),
            "UNAVAILABLE");
  EXPECT_EQ(Told(OutcomeOf(WithStatus(404, std::string(1 << 20, 'x')))),
            "NOT_FOUND");
}

TEST(HttpFaults, Fault39_AnErrorWithABodyKeepsItsConnection) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(404, "no such key"); });
  HttpRig rig(HttpSettingsFor(server.url("/{key}")));
  EXPECT_EQ(Told(rig.Ask("a")), "NOT_FOUND");
  EXPECT_EQ(Told(rig.Ask("b")), "NOT_FOUND");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpFaults, Fault40_ARedirectLoopIsAFailure) {
  HttpTestServer server([](const HttpTestRequest&) {
    return WithStatus(302, "x", "Location: /again\r\n");
  });
  HttpRig rig(HttpSettingsFor(server.url("/{key}")));
  const Outcome outcome = rig.Ask("k");
  EXPECT_EQ(Told(outcome), "UNKNOWN");
  EXPECT_EQ(outcome.status().message(),
            server.address() + ": HTTP 302, more than 3 redirects");
  EXPECT_EQ(server.requests().size(), 4);
}

TEST(HttpFaults, Fault40_AsManyRedirectsAsAllowedAreFollowed) {
  HttpTestServer server([](const HttpTestRequest& request) {
    const int step = request.target[1] - '0';
    return step == 3
               ? WithStatus(200, "there")
               : WithStatus(302, "not yet",
                            "Location: /" + std::to_string(step + 1) + "\r\n");
  });
  EXPECT_EQ(Told(HttpRig(HttpSettingsFor(server.url("/{key}"))).Ask("0")),
            "found there");
  HttpSettings settings = HttpSettingsFor(server.url("/{key}"));
  settings.max_redirects = 2;
  EXPECT_EQ(Told(HttpRig(settings).Ask("0")), "UNKNOWN");
}

TEST(HttpFaults, Fault40_HeadersGoToTheirOwnHostAlone) {
  HttpTestServer other(
      [](const HttpTestRequest&) { return WithStatus(200, "v"); });
  HttpTestServer server([&](const HttpTestRequest& request) {
    return WithStatus(302, "",
                      request.target == "/start"
                          ? "Location: /own\r\n"
                          : "Location: " + other.url("/away") + "\r\n");
  });
  HttpSettings settings = HttpSettingsFor(server.url("/start"));
  settings.headers = {{"X-Api-Key", "secret"}, {"Authorization", "secret"}};
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "found v");
  ASSERT_EQ(server.requests().size(), 2);
  EXPECT_EQ(server.requests()[1].target, "/own");
  EXPECT_EQ(server.requests()[1].header("X-Api-Key"), "secret");
  ASSERT_EQ(other.requests().size(), 1);
  EXPECT_THAT(other.requests()[0].head, ::testing::Not(HasSubstr("secret")));
}

TEST(HttpFaults, Fault40_ABodyGoesToItsOwnHostAlone) {
  for (const auto& [status, told] :
       {std::pair{303, "found v"}, std::pair{307, "UNKNOWN"},
        std::pair{308, "UNKNOWN"}}) {
    HttpTestServer other(
        [](const HttpTestRequest&) { return WithStatus(200, "v"); });
    HttpTestServer server([&, status = status](const HttpTestRequest&) {
      return WithStatus(status, "", "Location: " + other.url("/away") + "\r\n");
    });
    HttpSettings settings = HttpSettingsFor(server.url("/start"));
    settings.post = true;
    settings.body = "secret";
    EXPECT_EQ(Told(HttpRig(settings).Ask("k")), told) << status;
    for (const HttpTestRequest& request : other.requests()) {
      EXPECT_EQ(request.body, "");
    }
  }
}

TEST(HttpFaults, Fault40_ARedirectToAnotherProtocolIsAFailure) {
  for (const char* target : {"file:///etc/passwd", "ftp://127.0.0.1/",
                             "gopher://127.0.0.1:1/x", "http://"}) {
    EXPECT_EQ(Told(OutcomeOf(WithStatus(
                  302, "", std::string("Location: ") + target + "\r\n"))),
              "UNKNOWN")
        << target;
  }
}

TEST(HttpFaults, Fault40_ARedirectedPostIsRepeatedOnlyWhereItSaysSo) {
  for (const auto& [status, method] :
       {std::pair{302, "GET"}, std::pair{303, "GET"}, std::pair{307, "POST"},
        std::pair{308, "POST"}}) {
    HttpTestServer server([status = status](const HttpTestRequest& request) {
      return request.target == "/b"
                 ? WithStatus(200, "v")
                 : WithStatus(status, "", "Location: /b\r\n");
    });
    HttpSettings settings = HttpSettingsFor(server.url("/a"));
    settings.post = true;
    settings.body = "{key}";
    EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "found v");
    EXPECT_EQ(server.requests()[1].method, method) << status;
    EXPECT_EQ(server.requests()[1].body,
              std::string_view(method) == "POST" ? "k" : "");
  }
}

TEST(HttpFaults, Fault41_ACompressedBombIsCapped) {
  const std::string bomb = Gzipped(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 100000);
  HttpSettings settings;
  settings.max_bytes = 1 << 20;
  const Outcome outcome =
      OutcomeOf(WithStatus(200, bomb, "Content-Encoding: gzip\r\n"), settings);
  EXPECT_EQ(Told(outcome), "RESOURCE_EXHAUSTED");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("larger than 1048576 bytes"));
}

TEST(HttpFaults, Fault41_ABodyWithoutEndIsBrokenOff) {
  ScriptedServer server([](Conversation& conversation) {
    if (!conversation.ReadUntil("\r\n\r\n")) return;
    conversation.Send("HTTP/1.1 200 OK\r\n\r\n");
    while (conversation.Send(std::string(65536, 'x'))) {
    }
  });
  EXPECT_EQ(Told(HttpRig(HttpSettingsFor("http://" + server.address() + "/"))
                     .Ask("k")),
            "RESOURCE_EXHAUSTED");
}

TEST(HttpFaults, Fault29_AServerRestartedWhileIdleIsNotNoticed) {
  HttpTestServer server([](const HttpTestRequest&) {
    HttpTestReply reply = WithStatus(200, "v");
    reply.close = true;  // as a restart does, without saying so before
    return reply;
  });
  HttpRig rig(HttpSettingsFor(server.url("/{key}")));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Told(rig.Ask("k")), "found v");
  EXPECT_EQ(server.connections(), 20);
}

}  // namespace
}  // namespace frontrunner
