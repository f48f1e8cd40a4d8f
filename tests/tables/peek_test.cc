#include <gtest/gtest.h>

#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

struct PeekRig {
  PeekRig() {
    first->set_peek(std::nullopt);
    second->set_peek(std::nullopt);
  }
  Table Make() {
    return Table({.settings = std::make_shared<TableSettings>(settings),
                  .counters = counters,
                  .peekable = {{0, first}, {2, second}}});
  }

  TableSettings settings;
  std::shared_ptr<TableCounters> counters = std::make_shared<TableCounters>();
  std::shared_ptr<FakeSource> first = std::make_shared<FakeSource>("first");
  std::shared_ptr<FakeSource> second = std::make_shared<FakeSource>("second");
};

TEST(Peek, AMissEverywhereFindsNothing) {
  PeekRig rig;
  EXPECT_FALSE(rig.Make().Peek(*TableRig::Call("k")));
  EXPECT_EQ(rig.counters->peek_hits, 0U);
}

TEST(Peek, AHitNamesTheEntrantThatHasIt) {
  PeekRig rig;
  rig.second->set_peek(TextValue("v"));
  const auto found = rig.Make().Peek(*TableRig::Call("k"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entrant, 2U);
  EXPECT_EQ(*found->value.bytes, "v");
  EXPECT_EQ(rig.counters->peek_hits, 1U);
}

TEST(Peek, TheFirstInOrderWins) {
  PeekRig rig;
  rig.first->set_peek(TextValue("v"));
  rig.second->set_peek(TextValue("w"));
  EXPECT_EQ(rig.Make().Peek(*TableRig::Call("k"))->entrant, 0U);
  EXPECT_EQ(rig.counters->peek_hits, 1U);
}

TEST(Peek, TheTablesTtlIsToldWhereTheSourceSaysNothing) {
  PeekRig rig;
  rig.settings.write_back = {.ttl = minutes(10)};
  rig.first->set_peek(TextValue("v"));
  EXPECT_EQ(rig.Make().Peek(*TableRig::Call("k"))->value.fresh_for,
            Duration(minutes(10)));
  Value short_lived = TextValue("v");
  short_lived.fresh_for = seconds(1);
  rig.first->set_peek(short_lived);
  EXPECT_EQ(rig.Make().Peek(*TableRig::Call("k"))->value.fresh_for,
            Duration(seconds(1)));
}

}  // namespace
}  // namespace frontrunner
