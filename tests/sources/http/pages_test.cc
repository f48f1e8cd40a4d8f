// Lists in pages (origin 8), from a scripted server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "tests/sources/http/http_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

HttpSettings PagesOf(const HttpTestServer& server, PagesSettings pages = {}) {
  HttpSettings settings = HttpSettingsFor(server.url("/list/{key}"));
  if (pages.parameter.empty()) pages.parameter = "cursor";
  if (pages.next.empty()) pages.next = "/next_cursor";
  if (pages.items.empty()) pages.items = "/ids";
  settings.pages = pages;
  settings.timeout = seconds(5);
  return settings;
}

/// The cursor a page is asked with; "" for the first.
std::string CursorOf(const HttpTestRequest& request) {
  const size_t at = request.target.find("cursor=");
  return at == std::string::npos ? "" : request.target.substr(at + 7);
}

std::string Page(const std::string& items, const std::string& next) {
  return R"({"ids": )" + items + R"(, "next_cursor": )" + next + "}";
}

/// Ends a list of one page.
Outcome OutcomeOfPage(const std::string& body, PagesSettings pages = {}) {
  HttpTestServer server([&](const HttpTestRequest& request) {
    return CursorOf(request).empty() ? WithStatus(200, body)
                                     : WithStatus(200, Page("[9]", "0"));
  });
  return HttpRig(PagesOf(server, std::move(pages))).Ask("k");
}

TEST(HttpPages, TheFirstPageIsAskedWithoutACursor) {
  HttpTestServer server([](const HttpTestRequest& request) {
    return WithStatus(200, CursorOf(request).empty() ? Page("[1]", R"("a/b")")
                                                     : Page("[2]", "0"));
  });
  EXPECT_EQ(Told(HttpRig(PagesOf(server)).Ask("x y")), "found [1,2]");
  ASSERT_EQ(server.requests().size(), 2);
  EXPECT_EQ(server.requests()[0].target, "/list/x%20y");
  EXPECT_EQ(server.requests()[1].target, "/list/x%20y?cursor=a%2Fb");
}

TEST(HttpPages, TheCursorJoinsAQueryThatIsThere) {
  HttpTestServer server([](const HttpTestRequest& request) {
    return WithStatus(
        200, CursorOf(request).empty() ? Page("[1]", "7") : Page("[2]", "0"));
  });
  HttpSettings settings = PagesOf(server);
  settings.url = server.url("/list?of={key}");
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "found [1,2]");
  EXPECT_EQ(server.requests()[1].target, "/list?of=k&cursor=7");
}

TEST(HttpPages, ALargeCursorComesBackAsItWas) {
  HttpTestServer server([](const HttpTestRequest& request) {
    return WithStatus(200, CursorOf(request).empty()
                               ? Page("[1]", "123456789012345678901234567890")
                               : Page("[2]", "0"));
  });
  EXPECT_EQ(Told(HttpRig(PagesOf(server)).Ask("k")), "found [1,2]");
  EXPECT_EQ(CursorOf(server.requests()[1]), "123456789012345678901234567890");
}

TEST(HttpPages, TheListEndsAtZeroNothingAndNull) {
  for (const char* end : {"0", R"("0")", R"("")", "null", "0.0"}) {
    EXPECT_EQ(Told(OutcomeOfPage(Page("[1]", end))), "found [1]") << end;
  }
  EXPECT_EQ(Told(OutcomeOfPage(R"({"ids": [1]})")), "found [1]");
}

TEST(HttpPages, AnEmptyListIsAnArray) {
  EXPECT_EQ(Told(OutcomeOfPage(Page("[]", "0"))), "found []");
}

TEST(HttpPages, ItemsAreToldApartByTheirId) {
  EXPECT_EQ(
      Told(OutcomeOfPage(
          Page(R"([{"id":1,"v":"a"},{"id":"1"},{"id":1,"v":"b"},{"id":2}])",
               "0"),
          {.id = "/id"})),
      R"(found [{"id":1,"v":"a"},{"id":"1"},{"id":2}])");
}

TEST(HttpPages, WithoutAnIdItemsAreToldApartByThemselves) {
  EXPECT_EQ(Told(OutcomeOfPage(
                Page(R"([{"a": 1}, "x", {"a":1}, 1, "1", "x"])", "0"))),
            R"(found [{"a":1},"x",1,"1"])");
}

TEST(HttpPages, MalformedPagesAreInternal) {
  for (const char* page :
       {"", "nonsense", R"({"ids": [1, "next_cursor": 0})",
        R"({"ids": {"a": 1}, "next_cursor": 0})", R"({"next_cursor": 0})",
        R"({"ids": [1], "next_cursor": [2]})",
        R"({"ids": [1], "next_cursor": true})",
        R"({"ids": [1], "next_cursor": 0} x)"}) {
    EXPECT_EQ(Told(OutcomeOfPage(page)), "INTERNAL") << page;
  }
  EXPECT_EQ(Told(OutcomeOfPage(Page("[{}]", "0"), {.id = "/id"})), "INTERNAL");
}

TEST(HttpPages, AMalformedPageLaterIsInternalAndSaysHowFarItWas) {
  HttpTestServer server([](const HttpTestRequest& request) {
    return WithStatus(200, CursorOf(request).empty() ? Page("[1]", "1") : "{");
  });
  const Outcome outcome = HttpRig(PagesOf(server)).Ask("k");
  EXPECT_EQ(Told(outcome), "INTERNAL");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("after 1 pages"));
}

TEST(HttpPages, ACursorThatWasThereBeforeIsALoop) {
  HttpTestServer server([](const HttpTestRequest& request) {
    return WithStatus(200, CursorOf(request) == "a" ? Page("[2]", R"("b")")
                                                    : Page("[1]", R"("a")"));
  });
  const Outcome outcome = HttpRig(PagesOf(server)).Ask("k");
  EXPECT_EQ(Told(outcome), "INTERNAL");
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("loop"));
  EXPECT_EQ(server.requests().size(), 3);
}

TEST(HttpPages, AsManyPagesAsAllowedAreTakenAndNotOneMore) {
  HttpTestServer server([](const HttpTestRequest& request) {
    const std::string cursor = CursorOf(request);
    const int page = cursor.empty() ? 0 : std::stoi(cursor);
    return WithStatus(200, Page("[" + std::to_string(page) + "]",
                                page == 4 ? "0" : std::to_string(page + 1)));
  });
  EXPECT_EQ(Told(HttpRig(PagesOf(server, {.max_pages = 5})).Ask("k")),
            "found [0,1,2,3,4]");
  EXPECT_EQ(server.requests().size(), 5);
  const Outcome outcome = HttpRig(PagesOf(server, {.max_pages = 4})).Ask("k");
  EXPECT_EQ(Told(outcome), "RESOURCE_EXHAUSTED");
  EXPECT_THAT(std::string(outcome.status().message()),
              HasSubstr("more than 4 pages"));
  EXPECT_EQ(server.requests().size(), 9);
}

TEST(HttpPages, MaxBytesCountsAllPages) {
  HttpTestServer server([](const HttpTestRequest& request) {
    const std::string cursor = CursorOf(request);
    return WithStatus(200, Page("[1]", cursor == "b"   ? "0"
                                       : cursor == "a" ? R"("b")"
                                                       : R"("a")"));
  });
  HttpSettings settings = PagesOf(server);
  const size_t all = Page("[1]", "0").size() + 2 * Page("[1]", R"("a")").size();
  settings.max_bytes = all;
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "found [1]");
  settings.max_bytes = all - 1;
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "RESOURCE_EXHAUSTED");
}

/// Fails the second page `errors` times.
struct Failing {
  explicit Failing(int errors_to_make, std::string headers_to_send = "")
      : errors(errors_to_make),
        headers(std::move(headers_to_send)),
        server([this](const HttpTestRequest& request) {
          if (CursorOf(request).empty())
            return WithStatus(200, Page("[1]", "5"));
          if (made++ < errors) {
            return WithStatus(made % 3 == 0   ? 500
                              : made % 3 == 1 ? 502
                                              : 503,
                              "[2]", headers);
          }
          return WithStatus(200, Page("[2]", "0"));
        }) {}
  const int errors;
  const std::string headers;
  int made = 0;
  HttpTestServer server;
};

TEST(HttpPages, AsManyErrorsAsAllowedAreMetByAskingAgain) {
  Failing failing(3);
  EXPECT_EQ(Told(HttpRig(PagesOf(failing.server, {.max_errors = 3})).Ask("k")),
            "found [1,2]");
  // The first page is not asked for again.
  EXPECT_EQ(failing.server.requests().size(), 1 + 3 + 1);
}

TEST(HttpPages, OneErrorMoreIsThatFailure) {
  Failing failing(4);
  const Outcome outcome =
      HttpRig(PagesOf(failing.server, {.max_errors = 3})).Ask("k");
  EXPECT_EQ(Told(outcome), "UNAVAILABLE");
  EXPECT_EQ(outcome.status().message(),
            failing.server.address() +
                ": HTTP 502, with the 3 errors allowed (max_errors) used up "
                "(after 1 pages)");
  EXPECT_EQ(failing.server.requests().size(), 1 + 4);
}

TEST(HttpPages, RetryAfterIsWaitedForBeforeAskingAgain) {
  Failing failing(1, "Retry-After: 1\r\n");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(Told(HttpRig(PagesOf(failing.server)).Ask("k")), "found [1,2]");
  EXPECT_GE(std::chrono::steady_clock::now() - began, seconds(1));
}

TEST(HttpPages, OtherErrorsAreFinal) {
  for (const auto& [status, told] :
       {std::pair{504, "DEADLINE_EXCEEDED"}, std::pair{404, "NOT_FOUND"},
        std::pair{501, "UNAVAILABLE"}}) {
    HttpTestServer server(
        [&](const HttpTestRequest&) { return WithStatus(status, ""); });
    EXPECT_EQ(Told(HttpRig(PagesOf(server)).Ask("k")), told);
    EXPECT_EQ(server.requests().size(), 1);
  }
}

TEST(HttpPages, AStatusThatIsAMissIsNotAskedForAgain) {
  HttpTestServer server(
      [](const HttpTestRequest&) { return WithStatus(503, ""); });
  HttpSettings settings = PagesOf(server);
  settings.statuses.misses = {503};
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "NOT_FOUND");
  EXPECT_EQ(server.requests().size(), 1);
}

TEST(HttpPages, TheTimeoutIsOfOnePage) {
  HttpTestServer server([](const HttpTestRequest& request) {
    const std::string cursor = CursorOf(request);
    const int page = cursor.empty() ? 0 : std::stoi(cursor);
    HttpTestReply reply = WithStatus(
        200, Page("[1]", page == 4 ? "0" : std::to_string(page + 1)));
    reply.delay = milliseconds(150);
    return reply;
  });
  HttpSettings settings = PagesOf(server);
  settings.timeout = milliseconds(600);
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "found [1]");
}

TEST(HttpPages, APageThatTakesTooLongEndsIt) {
  HttpTestServer server([](const HttpTestRequest& request) {
    if (CursorOf(request).empty()) return WithStatus(200, Page("[1]", "5"));
    return HttpTestReply{.hold = true};
  });
  HttpSettings settings = PagesOf(server);
  settings.timeout = milliseconds(100);
  EXPECT_EQ(Told(HttpRig(settings).Ask("k")), "DEADLINE_EXCEEDED");
}

TEST(HttpPages, TheShortestFreshnessCounts) {
  HttpTestServer server([](const HttpTestRequest& request) {
    return CursorOf(request).empty()
               ? WithStatus(200, Page("[1]", "5"),
                            "Cache-Control: max-age=9\r\n")
               : WithStatus(200, Page("[2]", "0"),
                            "Cache-Control: max-age=50\r\nAge: 3\r\n");
  });
  const Outcome outcome = HttpRig(PagesOf(server)).Ask("k");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->fresh_for, seconds(9));
  EXPECT_EQ(outcome->age, seconds(3));
}

/// Forty pages of ten items, every item twice on its page and once on the next,
/// one page slow, and `errors` errors anywhere.
Outcome FetchFortyPages(int errors, unsigned seed) {
  std::mt19937 random(seed);
  std::multiset<int> failing;
  for (int i = 0; i < errors; ++i) failing.insert(random() % 40);
  HttpTestServer server([&](const HttpTestRequest& request) {
    const std::string cursor = CursorOf(request);
    const int page = cursor.empty() ? 0 : std::stoi(cursor) / 7;
    if (const auto it = failing.find(page); it != failing.end()) {
      failing.erase(it);
      const int statuses[] = {500, 502, 503};
      return WithStatus(statuses[random() % 3], Page("[666]", "0"));
    }
    std::string items;
    for (int i = page == 0 ? 0 : page * 10 - 10; i < page * 10 + 10; ++i) {
      for (int again = 0; again < 2; ++again) {
        items += (items.empty() ? "" : ", ") + std::to_string(i);
      }
    }
    HttpTestReply reply = WithStatus(
        200, Page("[" + items + "]",
                  page == 39 ? "0" : std::to_string((page + 1) * 7)));
    if (page == 20) reply.delay = milliseconds(200);
    return reply;
  });
  return HttpRig(PagesOf(server)).Ask("k");
}

TEST(HttpPages, FortyPagesWithErrorsAndDuplicatesGiveEachItemOnceInOrder) {
  std::string all = "found [0";
  for (int i = 1; i < 400; ++i) all += "," + std::to_string(i);
  all += "]";
  for (const unsigned seed : {1U, 2U, 3U}) {
    EXPECT_EQ(Told(FetchFortyPages(10, seed)), all) << seed;
  }
}

TEST(HttpPages, FortyPagesWithOneErrorMoreThanAllowedFail) {
  EXPECT_EQ(Told(FetchFortyPages(11, 4)), "UNAVAILABLE");
}

}  // namespace
}  // namespace frontrunner
