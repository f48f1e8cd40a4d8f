#include "server/rpc/open_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Stream {};

TEST(OpenStreams, AreBoundedAndAPlaceGivenBackIsTakenAgain) {
  OpenStreams<Stream> open(2);
  const auto first = std::make_shared<Stream>();
  const auto second = std::make_shared<Stream>();
  const auto third = std::make_shared<Stream>();
  EXPECT_EQ(open.Add(first), std::nullopt);
  EXPECT_EQ(open.Add(second), std::nullopt);
  EXPECT_EQ(open.Add(third), Refusal::kOverloaded);
  EXPECT_EQ(open.size(), 2U);
  open.Remove(*first);
  EXPECT_THAT(open.all(), ElementsAre(second));
  EXPECT_EQ(open.Add(third), std::nullopt);
  EXPECT_THAT(open.all(), ElementsAre(second, third));
}

TEST(OpenStreams, ClosingHandsOutThoseThereAreAndTakesInNoMore) {
  OpenStreams<Stream> open(2);
  const auto first = std::make_shared<Stream>();
  const auto second = std::make_shared<Stream>();
  open.Add(first);
  open.Add(second);
  EXPECT_THAT(open.Close(), ElementsAre(first, second));
  // Closed and full: that it is closed is what the caller shall hear.
  EXPECT_EQ(open.Add(std::make_shared<Stream>()), Refusal::kDraining);
  EXPECT_EQ(open.size(), 2U);
  open.Remove(*first);
  EXPECT_EQ(open.Add(std::make_shared<Stream>()), Refusal::kDraining);
  open.Remove(*second);
  EXPECT_THAT(open.Close(), IsEmpty());
}

TEST(OpenStreams, RemovingOneThatIsNotThereChangesNothing) {
  OpenStreams<Stream> open(1);
  const auto stream = std::make_shared<Stream>();
  open.Add(stream);
  open.Remove(Stream());
  EXPECT_EQ(open.size(), 1U);
  EXPECT_EQ(stream.use_count(), 2);
  open.Remove(*stream);
  EXPECT_EQ(stream.use_count(), 1);
}

}  // namespace
}  // namespace frontrunner
