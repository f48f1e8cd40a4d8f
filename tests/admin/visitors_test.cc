#include "server/admin/visitors.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/fakes/fake_loop.h"

namespace frontrunner {
namespace {

/// With an evhttp that lets go of a visitor when the test says so.
class VisitorsTest : public testing::Test {
 protected:
  struct Free {
    void operator()(event_base* base) const { event_base_free(base); }
  };

  bufferevent* Enter() {
    bufferevent* const visitor = visitors_.Enter(base_.get());
    bufferevent_setcb(
        visitor, nullptr, nullptr, [](bufferevent*, short, void*) {}, nullptr);
    return visitor;
  }
  static void LetGo(bufferevent* visitor) {
    bufferevent_setcb(visitor, nullptr, nullptr, nullptr, nullptr);
    bufferevent_free(visitor);
  }

  std::unique_ptr<event_base, Free> base_{event_base_new()};
  FakeLoop clock_;
  std::shared_ptr<HttpPortCounters> counters_ =
      std::make_shared<HttpPortCounters>();
  Visitors visitors_{{.max = 2, .max_leaving = 3}, clock_, counters_};
};

TEST_F(VisitorsTest, ItIsCrowdedWhereThoseShownOutAreNotGone) {
  std::vector<bufferevent*> all;
  for (int i = 0; i < 4; ++i) all.push_back(Enter());
  EXPECT_EQ(counters_->crowded_out, 2U);
  EXPECT_FALSE(visitors_.crowded());
  all.push_back(Enter());
  EXPECT_TRUE(visitors_.crowded());
  EXPECT_EQ(counters_->open, 5U);
  for (bufferevent* visitor : all) LetGo(visitor);
}

TEST_F(VisitorsTest, WhoIsGoneCountsNoMore) {
  std::vector<bufferevent*> all;
  for (int i = 0; i < 5; ++i) all.push_back(Enter());
  EXPECT_TRUE(visitors_.crowded());
  for (bufferevent* visitor : all) LetGo(visitor);
  visitors_.Sweep();
  EXPECT_FALSE(visitors_.crowded());
  EXPECT_EQ(counters_->open, 0U);
}

}  // namespace
}  // namespace frontrunner
