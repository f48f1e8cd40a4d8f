#include "server/sources/memcached/meta_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

using Kind = MetaReply::Kind;

/// A reader of a connection that has been greeted, with `commands` written.
class MetaReaderTest : public testing::Test {
 protected:
  explicit MetaReaderTest(uint64_t before = 0)
      : numbers_(std::make_shared<OpaqueNumbers>(OpaqueNumbers{before})) {}

  void Greet(uint64_t commands) {
    reader_.Feed("MN\r\n");
    ASSERT_EQ(Read(), "noop");
    numbers_->next += commands;
  }

  /// The next reply in words.
  std::string Read() {
    const auto reply = reader_.Next();
    if (!reply.ok()) return std::string(Std(reply.status().message()));
    if (!reply->has_value()) return "more";
    switch (static_cast<Kind>((*reply)->kind)) {
      case Kind::kValue:
        return absl::StrCat("value ", Absl((*reply)->body));
      case Kind::kMiss:
        return "miss";
      case Kind::kNoop:
        return "noop";
      case Kind::kServerError:
      case Kind::kClientError:
        return absl::StrCat("error ", Absl((*reply)->line));
      default:
        return "other";
    }
  }

  const std::shared_ptr<OpaqueNumbers> numbers_;
  MetaReader reader_{MetaParser::Limits(), numbers_};
};

class LaterMetaReaderTest : public MetaReaderTest {
 protected:
  LaterMetaReaderTest() : MetaReaderTest(100) {}
};

constexpr char kOutOfStep[] = "replies are out of step with commands";

TEST_F(MetaReaderTest, GivesRepliesThatAreInStep) {
  Greet(3);
  reader_.Feed("EN O0\r\nVA 1 O1\r\nx\r\nEN O2\r\n");
  EXPECT_EQ(Read(), "miss");
  EXPECT_EQ(Read(), "value x");
  EXPECT_EQ(Read(), "miss");
  EXPECT_EQ(Read(), "more");
}

TEST_F(MetaReaderTest, WaitsForBytes) {
  Greet(1);
  EXPECT_EQ(Read(), "more");
  reader_.Feed("EN ");
  EXPECT_EQ(Read(), "more");
  reader_.Feed("O0\r\n");
  EXPECT_EQ(Read(), "miss");
}

TEST_F(MetaReaderTest, AnotherCommandsReplyReachesNobody) {
  Greet(2);
  reader_.Feed("VA 1 O1\r\nx\r\n");
  EXPECT_EQ(Read(), kOutOfStep);
}

TEST_F(MetaReaderTest, AReplyGivenTwiceReachesNobody) {
  Greet(2);
  reader_.Feed("EN O0\r\nEN O0\r\n");
  EXPECT_EQ(Read(), "miss");
  EXPECT_EQ(Read(), kOutOfStep);
}

TEST_F(MetaReaderTest, AReplyThatNobodyAskedForIsAnError) {
  Greet(1);
  reader_.Feed("EN O0\r\nEN O1\r\n");
  EXPECT_EQ(Read(), "miss");
  EXPECT_EQ(Read(), "a reply that nobody asked for");
}

TEST_F(MetaReaderTest, AnErrorHasACommandsPlaceInLine) {
  Greet(2);
  reader_.Feed("SERVER_ERROR busy\r\nEN O1\r\n");
  EXPECT_EQ(Read(), "error busy");
  EXPECT_EQ(Read(), "miss");
}

// After ms with a bad line memcached 1.6.18 takes the value for a command.
TEST_F(MetaReaderTest, NothingIsReadAfterACommandWasNotUnderstood) {
  Greet(2);
  reader_.Feed("CLIENT_ERROR bad command line format\r\nEN O1\r\n");
  EXPECT_EQ(Read(), "error bad command line format");
  EXPECT_EQ(Read(), "the server did not understand a command");
}

TEST_F(MetaReaderTest, ASecondGreetingIsOutOfStep) {
  Greet(1);
  reader_.Feed("MN\r\n");
  EXPECT_EQ(Read(), kOutOfStep);
}

TEST_F(LaterMetaReaderTest, NumbersGoOnFromOneConnectionToTheNext) {
  Greet(1);
  reader_.Feed("EN O100\r\n");
  EXPECT_EQ(Read(), "miss");
}

TEST_F(LaterMetaReaderTest, ARepliesOfAnEarlierConnectionDoNotFit) {
  Greet(1);
  reader_.Feed("EN O0\r\n");
  EXPECT_EQ(Read(), kOutOfStep);
}

}  // namespace
}  // namespace frontrunner
