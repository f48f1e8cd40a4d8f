// What an http source asks for, and what it makes of the answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/base/status.h"
#include "tests/sources/http/http_rig.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

/// What a source makes of one answer.
Outcome OutcomeOf(const HttpTestReply& reply, HttpSettings settings = {}) {
  HttpTestServer server([&](const HttpTestRequest&) { return reply; });
  settings.name = "http";
  settings.url = server.url("/{key}");
  return HttpRig(settings).Ask("k");
}

TEST(HttpSource, TheWholeBodyIsTheValue) {
  EXPECT_EQ(Told(OutcomeOf(WithStatus(200, "not JSON"))), "found not JSON");
}

TEST(HttpSource, TheKeyIsPercentEncodedIntoTheUrl) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(200, ""); });
  HttpRig rig(HttpSettingsFor(server.url("/u/{key}/x?again={key}")));
  using std::string_literals::operator""s;
  EXPECT_EQ(Told(rig.Ask("aZ0-._~/?&#% \r\n\0\xff"s)), "found ");
  ASSERT_EQ(server.requests().size(), 1);
  const std::string encoded = "aZ0-._~%2F%3F%26%23%25%20%0D%0A%00%FF";
  EXPECT_EQ(server.requests()[0].method, "GET");
  EXPECT_EQ(server.requests()[0].target,
            "/u/" + encoded + "/x?again=" + encoded);
}

TEST(HttpSource, AKeyCanNotLeadToAnotherPath) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(200, ""); });
  HttpRig rig(HttpSettingsFor(server.url("/u/{key}")));
  EXPECT_EQ(Told(rig.Ask("..")), "INVALID_ARGUMENT");
  EXPECT_EQ(Told(rig.Ask(".")), "INVALID_ARGUMENT");
  EXPECT_EQ(server.requests().size(), 0);
  EXPECT_EQ(Told(rig.Ask("../etc")), "found ");
  EXPECT_EQ(server.requests()[0].target, "/u/..%2Fetc");
}

TEST(HttpSource, APostSendsItsBodyWithTheKeyInIt) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(200, "v"); });
  HttpSettings settings = HttpSettingsFor(server.url("/ask"));
  settings.post = true;
  settings.body = "find {key}, {key}";
  EXPECT_EQ(Told(HttpRig(settings).Ask("a/b")), "found v");
  EXPECT_EQ(server.requests()[0].method, "POST");
  EXPECT_EQ(server.requests()[0].body, "find a/b, a/b");
  EXPECT_EQ(server.requests()[0].header("Content-Type"), "(none)");
}

TEST(HttpSource, ConfiguredHeadersAreSent) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(200, "v"); });
  HttpSettings settings = HttpSettingsFor(server.url("/"));
  settings.headers = {{"X-One", "1"}, {"X-Empty", ""}, {"Accept", "text/x"}};
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "found v");
  const HttpTestRequest request = server.requests()[0];
  EXPECT_EQ(request.header("X-One"), "1");
  EXPECT_THAT(request.head, HasSubstr("\r\nX-Empty:\r\n"));
  EXPECT_EQ(request.header("Accept"), "text/x");
}

TEST(HttpSource, TheEnvironmentSetsNoProxy) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(200, "v"); });
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(Told(HttpRig(HttpSettingsFor(server.url("/"))).Ask("k")),
            "found v");
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST(HttpSource, CookiesAreNotKept) {
  HttpTestServer server([](const HttpTestRequest&) {
    return WithStatus(200, "v", "Set-Cookie: a=b\r\n");
  });
  HttpRig rig(HttpSettingsFor(server.url("/")));
  EXPECT_EQ(Told(rig.Ask("k")), "found v");
  EXPECT_EQ(Told(rig.Ask("k")), "found v");
  EXPECT_EQ(server.requests()[1].header("Cookie"), "(none)");
}

TEST(HttpSource, StatusesBecomeCodes) {
  const std::pair<int, std::string> expected[] = {
      {200, "found x"},           {201, "found x"},
      {404, "NOT_FOUND"},         {410, "NOT_FOUND"},
      {400, "INVALID_ARGUMENT"},  {401, "UNAUTHENTICATED"},
      {403, "PERMISSION_DENIED"}, {408, "DEADLINE_EXCEEDED"},
      {504, "DEADLINE_EXCEEDED"}, {429, "RESOURCE_EXHAUSTED"},
      {500, "UNAVAILABLE"},       {502, "UNAVAILABLE"},
      {503, "UNAVAILABLE"},       {599, "UNAVAILABLE"},
      {300, "UNKNOWN"},           {418, "UNKNOWN"},
      {302, "UNKNOWN"},
  };
  for (const auto& [status, told] : expected) {
    EXPECT_EQ(Told(OutcomeOf(WithStatus(status, "x"))), told) << status;
  }
}

TEST(HttpSource, StatusesAreWhatTheSettingsSay) {
  HttpSettings settings;
  settings.statuses = {.successes = {200, 203, 404}, .misses = {204, 503}};
  const std::pair<int, std::string> expected[] = {
      {200, "found x"},   {203, "found x"},     {404, "found x"},
      {204, "NOT_FOUND"}, {201, "UNKNOWN"},     {410, "UNKNOWN"},
      {503, "NOT_FOUND"}, {500, "UNAVAILABLE"},
  };
  for (const auto& [status, told] : expected) {
    EXPECT_EQ(Told(OutcomeOf(WithStatus(status, "x"), settings)), told)
        << status;
  }
}

TEST(HttpSource, AFailureNamesTheServerAndTheStatusAlone) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(503, "secret body"); });
  const Outcome outcome =
      HttpRig(HttpSettingsFor(server.url("/{key}"))).Ask("secret");
  EXPECT_EQ(outcome.status().message(), server.address() + ": HTTP 503");
}

TEST(HttpSource, RetryAfterBecomesPushback) {
  const Outcome busy = OutcomeOf(WithStatus(429, "", "Retry-After: 7\r\n"));
  EXPECT_EQ(PushbackOf(busy.status()), seconds(7));
  const Outcome down = OutcomeOf(WithStatus(503, "", "Retry-After: 120\r\n"));
  EXPECT_EQ(PushbackOf(down.status()), seconds(120));
  const Outcome other = OutcomeOf(WithStatus(500, "", "Retry-After: 7\r\n"));
  EXPECT_EQ(PushbackOf(other.status()), std::nullopt);
  EXPECT_EQ(PushbackOf(OutcomeOf(WithStatus(503, "")).status()), std::nullopt);
}

TEST(HttpSource, CacheControlAndAgeSayHowLongItIsFresh) {
  const Outcome outcome = OutcomeOf(
      WithStatus(200, "v", "Cache-Control: max-age=60\r\nAge: 15\r\n"));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->fresh_for, seconds(45));
  EXPECT_EQ(outcome->age, seconds(15));
  EXPECT_EQ(OutcomeOf(WithStatus(200, "v"))->fresh_for, std::nullopt);
}

TEST(HttpSource, AStringAtThePointerIsTheValue) {
  HttpSettings settings;
  settings.value = "/a/1";
  EXPECT_EQ(
      Told(OutcomeOf(WithStatus(200, R"({"a": [0, "x\u00e9\"y"]})"), settings)),
      "found xé\"y");
}

TEST(HttpSource, AnythingElseAtThePointerIsItsJson) {
  HttpSettings settings;
  settings.value = "/a";
  EXPECT_EQ(
      Told(OutcomeOf(WithStatus(200, R"({"a": {"b": [1, null]}})"), settings)),
      R"(found {"b":[1,null]})");
}

TEST(HttpSource, NothingAtThePointerIsInternal) {
  HttpSettings settings;
  settings.value = "/b";
  EXPECT_EQ(Told(OutcomeOf(WithStatus(200, R"({"a": 1})"), settings)),
            "INTERNAL");
}

TEST(HttpSource, ABodyThatIsNotJsonIsInternal) {
  HttpSettings settings;
  settings.value = "/b";
  const Outcome outcome = OutcomeOf(WithStatus(200, "secret"), settings);
  EXPECT_EQ(Told(outcome), "INTERNAL");
  EXPECT_THAT(std::string(outcome.status().message()),
              Not(HasSubstr("secret")));
}

TEST(HttpSource, GzipIsOfferedAndUnpacked) {
  HttpTestServer server([](const HttpTestRequest& request) {
    EXPECT_EQ(request.header("Accept-Encoding"), "gzip");
    return WithStatus(200, Gzipped("the value"), "Content-Encoding: gzip\r\n");
  });
  EXPECT_EQ(Told(HttpRig(HttpSettingsFor(server.url("/"))).Ask("k")),
            "found the value");
}

TEST(HttpSource, AnEncodingThatWasNotOfferedIsInternal) {
  EXPECT_EQ(Told(OutcomeOf(WithStatus(200, "v", "Content-Encoding: zstd\r\n"))),
            "INTERNAL");
  EXPECT_EQ(Told(OutcomeOf(WithStatus(200, Gzipped(Gzipped("v")),
                                      "Content-Encoding: gzip, gzip\r\n"))),
            "INTERNAL");
  EXPECT_EQ(Told(OutcomeOf({.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                     "gzip, chunked\r\n\r\n0\r\n\r\n"})),
            "INTERNAL");
}

TEST(HttpSource, ChunksArePutTogether) {
  EXPECT_EQ(Told(OutcomeOf({.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                     "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n"
                                     "0\r\n\r\n"})),
            "found abc");
}

TEST(HttpSource, ABodyAsLargeAsAllowedIsTaken) {
  HttpSettings settings;
  settings.max_bytes = 100;
  EXPECT_TRUE(OutcomeOf(WithStatus(200, std::string(100, 'x')), settings).ok());
  EXPECT_EQ(Told(OutcomeOf(WithStatus(200, std::string(101, 'x')), settings)),
            "RESOURCE_EXHAUSTED");
}

TEST(HttpSource, IsAlwaysConnected) {
  HttpRig rig(HttpSettingsFor("http://127.0.0.1:1/"));
  EXPECT_EQ(rig.source().connectivity(), Connectivity::kConnected);
  EXPECT_EQ(Told(rig.Ask("k")), "UNAVAILABLE");
  EXPECT_EQ(rig.source().connectivity(), Connectivity::kConnected);
}

}  // namespace
}  // namespace frontrunner
