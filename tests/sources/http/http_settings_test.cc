// What can be wrong with an http source's settings, and how it is said; and the
// small pieces that make requests and read headers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/loop/event_loop.h"
#include "server/sources/http/freshness_headers.h"
#include "server/sources/http/http_source.h"
#include "server/sources/http/url_template.h"

namespace frontrunner {
namespace {

using std::chrono::seconds;
using ::testing::StartsWith;

/// The message of what is wrong with `settings`; "" if nothing is.
std::string Wrong(HttpSettings settings) {
  EventLoop loop({});
  if (settings.url.empty()) settings.url = "http://h/{key}";
  const auto made = MakeHttpSource(loop, settings);
  if (made.ok()) return "";
  EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(made.status().message());
}

TEST(HttpSettings, GoodUrlsAreTaken) {
  for (const char* url :
       {"http://h", "https://h:8443/a/{key}", "HTTP://h/?q={key}&r={key}",
        "http://[::1]:80/{key}", "http://h/a.b/..c/{key}", "http://h?{key}"}) {
    EXPECT_EQ(Wrong({.url = url}), "") << url;
  }
}

TEST(HttpSettings, BadUrlsAreRefusedByName) {
  for (const char* url :
       {"h/{key}", "ftp://h/{key}", "http://", "http:///x", "http://:80/",
        "http://{key}/", "http://h{key}/", "http://user:pw@h/",
        "http://h/{kye}", "http://h/{", "http://h/ x", "http://h/\n",
        "http://h:99999/", "http://h/../x", "http://h/%2e%2E/x",
        "http://h%2f/"}) {
    EXPECT_THAT(Wrong({.url = url}), StartsWith("url: ")) << url;
  }
}

TEST(HttpSettings, PointersAreRefusedByName) {
  EXPECT_THAT(Wrong({.value = "a"}), StartsWith("value: "));
  const PagesSettings good = {
      .parameter = "c", .next = "/n", .items = "/i", .id = "/x"};
  EXPECT_EQ(Wrong({.pages = good}), "");
  PagesSettings pages = good;
  pages.next = "n";
  EXPECT_THAT(Wrong({.pages = pages}), StartsWith("pages.next: "));
  pages = good;
  pages.items = "n";
  EXPECT_THAT(Wrong({.pages = pages}), StartsWith("pages.items: "));
  pages = good;
  pages.id = "~";
  EXPECT_THAT(Wrong({.pages = pages}), StartsWith("pages.id: "));
  pages = good;
  pages.parameter = "";
  EXPECT_THAT(Wrong({.pages = pages}), StartsWith("pages.parameter: "));
  EXPECT_THAT(Wrong({.value = "/v", .pages = good}), StartsWith("value: "));
}

TEST(HttpSettings, HeadersAreRefusedByNameAndNotByValue) {
  EXPECT_EQ(Wrong({.headers = {{"X-A", "a b"}}}), "");
  for (const char* name : {"", "Host", "content-length", "Connection",
                           "Transfer-Encoding", "a b", "a:", "a\r\nb"}) {
    EXPECT_THAT(Wrong({.headers = {{name, "x"}}}), StartsWith("headers: "))
        << name;
  }
  for (const char* value : {"a\r\nb: c", "a\nb", "\x7f"}) {
    const std::string wrong = Wrong({.headers = {{"X-A", value}}});
    EXPECT_THAT(wrong, StartsWith("headers: "));
    EXPECT_EQ(wrong.find(value), std::string::npos);
  }
}

TEST(HttpSettings, ACaFileMustBeThere) {
  EXPECT_THAT(Wrong({.ca_file = "/nowhere/ca.pem"}), StartsWith("ca_file: "));
}

TEST(UrlTemplate, WhatFollowsTheHashIsLeftAway) {
  EXPECT_EQ(*UrlTemplate::Parse("http://h/{key}#x{key}")->Render("k"),
            "http://h/k");
}

TEST(UrlTemplate, KeysThatMakeDotSegmentsAreRefused) {
  const auto whole = UrlTemplate::Parse("http://h/a/{key}");
  EXPECT_FALSE(whole->Render(".").ok());
  EXPECT_FALSE(whole->Render("..").ok());
  EXPECT_TRUE(whole->Render("...").ok());
  EXPECT_FALSE(UrlTemplate::Parse("http://h/.{key}/b")->Render(".").ok());
  EXPECT_TRUE(UrlTemplate::Parse("http://h/x{key}/b")->Render("..").ok());
  EXPECT_TRUE(UrlTemplate::Parse("http://h/a?k={key}")->Render("..").ok());
}

TEST(UrlTemplate, ParametersJoinWithWhatFits) {
  EXPECT_EQ(WithParameter("http://h/a", "c d", "1&2"),
            "http://h/a?c%20d=1%262");
  EXPECT_EQ(WithParameter("http://h/a?b=1", "c", "2"), "http://h/a?b=1&c=2");
  EXPECT_EQ(WithParameter("http://h/a?", "c", "2"), "http://h/a?c=2");
  EXPECT_EQ(WithParameter("http://h/a?b&", "c", "2"), "http://h/a?b&c=2");
}

std::optional<Duration> FreshFor(std::string_view cache_control,
                                 std::string_view age = "") {
  FreshnessHeaders headers;
  headers.AddCacheControl(cache_control);
  if (!age.empty()) headers.AddAge(age);
  return headers.fresh_for();
}

TEST(FreshnessHeaders, SayHowMuchIsLeft) {
  EXPECT_EQ(FreshFor("max-age=60"), seconds(60));
  EXPECT_EQ(FreshFor("public, Max-Age=\"60\"", "10"), seconds(50));
  EXPECT_EQ(FreshFor("max-age=60", "61"), seconds(0));
  EXPECT_EQ(FreshFor("max-age=60, s-maxage=5"), seconds(5));
}

TEST(FreshnessHeaders, ForbidToKeep) {
  EXPECT_EQ(FreshFor("no-store"), seconds(0));
  EXPECT_EQ(FreshFor("max-age=60, no-cache"), seconds(0));
  EXPECT_EQ(FreshFor("PRIVATE, max-age=60"), seconds(0));
}

TEST(FreshnessHeaders, SayNothingWhereTheyMakeNoSense) {
  for (const char* nonsense :
       {"", "max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=abc",
        "xmax-age=5", ",,,"}) {
    EXPECT_EQ(FreshFor(nonsense), std::nullopt) << nonsense;
  }
  EXPECT_EQ(FreshFor("max-age=60", "-5"), seconds(60));
  EXPECT_GT(FreshFor("max-age=99999999999999999999999"), seconds(1 << 20));
}

}  // namespace
}  // namespace frontrunner
