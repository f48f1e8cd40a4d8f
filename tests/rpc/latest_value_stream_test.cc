#include "server/rpc/latest_value_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "server/rpc/errors.h"
#include "tests/fakes/fake_call.h"

namespace frontrunner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Reply ReplyOf(absl::StatusCode code) { return {.code = code}; }

class LatestValueStreamTest : public ::testing::Test {
 protected:
  void Begin() {
    stream_->Begin([this] {
      ++over_;
      EXPECT_FALSE(call_.finished());
      EXPECT_FALSE(call_.writing());
    });
  }
  void Offer(const std::string& message) {
    stream_->Offer([message] { return message; });
  }
  /// That it has ended, once, and that nothing holds it.
  void ExpectEnd(absl::StatusCode code) {
    ASSERT_TRUE(call_.finished());
    EXPECT_EQ(call_.reply().code, code);
    EXPECT_EQ(over_, 1);
    const std::weak_ptr<LatestValueStream> left = stream_;
    stream_.reset();
    EXPECT_TRUE(left.expired());
  }

  FakeServerCall call_{FakeServerCall::Settings{}};
  std::shared_ptr<LatestValueStream> stream_ =
      std::make_shared<LatestValueStream>(call_);
  int over_ = 0;
};

TEST_F(LatestValueStreamTest, WritesWhatIsOffered) {
  Begin();
  EXPECT_FALSE(call_.writing());
  Offer("a");
  EXPECT_TRUE(call_.writing());
  call_.CompleteWrite();
  EXPECT_FALSE(call_.writing());
  Offer("b");
  call_.CompleteWrite();
  EXPECT_THAT(call_.written(), ElementsAre("a", "b"));
  EXPECT_FALSE(call_.finished());
  stream_->Finish({});
  ExpectEnd(absl::StatusCode::kOk);
}

TEST_F(LatestValueStreamTest, NothingIsWrittenBeforeItBegins) {
  Offer("a");
  Offer("b");
  EXPECT_THAT(call_.written(), IsEmpty());
  Begin();
  EXPECT_THAT(call_.written(), ElementsAre("b"));
  call_.CompleteWrite();
  stream_->Finish({});
}

TEST_F(LatestValueStreamTest, OnlyTheNewestWaitsAndOthersAreNotEvenMade) {
  Begin();
  Offer("a");
  stream_->Offer([]() -> std::optional<std::string> {
    ADD_FAILURE() << "made, and nobody reads it";
    return "b";
  });
  Offer("c");
  EXPECT_THAT(call_.written(), ElementsAre("a"));
  call_.CompleteWrites();
  EXPECT_THAT(call_.written(), ElementsAre("a", "c"));
  stream_->Finish({});
}

TEST_F(LatestValueStreamTest, AnOfferMayHaveNothingToSay) {
  Begin();
  stream_->Offer([] { return std::nullopt; });
  EXPECT_FALSE(call_.writing());
  Offer("a");
  stream_->Offer([] { return std::nullopt; });
  call_.CompleteWrite();
  EXPECT_FALSE(call_.writing());
  Offer("b");
  call_.CompleteWrite();
  EXPECT_THAT(call_.written(), ElementsAre("a", "b"));
  stream_->Finish({});
}

TEST_F(LatestValueStreamTest, AnOfferThatComesWhileOneIsMadeIsNext) {
  Begin();
  stream_->Offer([this]() -> std::optional<std::string> {
    Offer("b");
    EXPECT_FALSE(call_.writing());
    return std::nullopt;
  });
  EXPECT_THAT(call_.written(), ElementsAre("b"));
  call_.CompleteWrite();
  stream_->Finish({});
}

TEST_F(LatestValueStreamTest, FinishLetsWhatWaitsBeWrittenAndNothingMore) {
  Begin();
  Offer("a");
  Offer("b");
  stream_->Finish(ReplyOf(absl::StatusCode::kNotFound));
  Offer("c");
  call_.CompleteWrite();
  EXPECT_FALSE(call_.finished());
  call_.CompleteWrite();
  EXPECT_THAT(call_.written(), ElementsAre("a", "b"));
  ExpectEnd(absl::StatusCode::kNotFound);
}

TEST_F(LatestValueStreamTest, AbortDropsWhatWaitsAndWaitsForTheWrite) {
  Begin();
  Offer("a");
  Offer("b");
  stream_->Abort(ReplyOf(absl::StatusCode::kUnavailable));
  Offer("c");
  EXPECT_FALSE(call_.finished());
  call_.CompleteWrite();
  EXPECT_THAT(call_.written(), ElementsAre("a"));
  ExpectEnd(absl::StatusCode::kUnavailable);
}

TEST_F(LatestValueStreamTest, WhoDropsTheLastMessageSaysWhy) {
  Begin();
  Offer("a");
  Offer("b");
  stream_->Finish({});
  stream_->Abort(ReplyOf(absl::StatusCode::kUnavailable));
  call_.CompleteWrite();
  EXPECT_THAT(call_.written(), ElementsAre("a"));
  ExpectEnd(absl::StatusCode::kUnavailable);
}

TEST_F(LatestValueStreamTest, AnIdleStreamIsAbortedAtOnce) {
  Begin();
  stream_->Abort(ReplyOf(absl::StatusCode::kUnavailable));
  ExpectEnd(absl::StatusCode::kUnavailable);
}

TEST_F(LatestValueStreamTest, TheFirstReplyCounts) {
  Begin();
  Offer("a");
  stream_->Finish(ReplyOf(absl::StatusCode::kNotFound));
  stream_->Finish(ReplyOf(absl::StatusCode::kInternal));
  stream_->Abort(ReplyOf(absl::StatusCode::kUnavailable));
  call_.Cancel();
  call_.CompleteWrite(/*ok=*/false);
  ExpectEnd(absl::StatusCode::kNotFound);
}

TEST_F(LatestValueStreamTest, AfterTheEndNothingHappens) {
  Begin();
  stream_->Finish({});
  Offer("a");
  stream_->Finish({});
  stream_->Abort({});
  EXPECT_THAT(call_.written(), IsEmpty());
  ExpectEnd(absl::StatusCode::kOk);
}

TEST_F(LatestValueStreamTest, ACancelledCallIsWrittenNothingMore) {
  Begin();
  Offer("a");
  Offer("b");
  call_.Cancel();
  EXPECT_FALSE(call_.finished());
  call_.CompleteWrite();
  EXPECT_THAT(call_.written(), ElementsAre("a"));
  ExpectEnd(absl::StatusCode::kCancelled);
}

TEST_F(LatestValueStreamTest, AnIdleCallIsFinishedWhenItIsCancelled) {
  Begin();
  call_.Cancel();
  ExpectEnd(absl::StatusCode::kCancelled);
}

TEST_F(LatestValueStreamTest, AFailedWriteEndsTheCall) {
  Begin();
  Offer("a");
  Offer("b");
  call_.CompleteWrite(/*ok=*/false);
  EXPECT_THAT(call_.written(), ElementsAre("a"));
  ExpectEnd(absl::StatusCode::kCancelled);
}

TEST(LatestValueStream, ACallCancelledBeforeItBeginsIsWrittenNothing) {
  FakeServerCall call({.cancelled_before = true});
  const auto stream = std::make_shared<LatestValueStream>(call);
  stream->Offer([] { return "a"; });
  int over = 0;
  stream->Begin([&over] { ++over; });
  ASSERT_TRUE(call.finished());
  EXPECT_EQ(call.reply().code, absl::StatusCode::kCancelled);
  EXPECT_THAT(call.written(), IsEmpty());
  EXPECT_EQ(over, 1);
}

TEST(LatestValueStream, OneWhoIsEndedBeforeItBeginsEndsThen) {
  FakeServerCall call({});
  const auto stream = std::make_shared<LatestValueStream>(call);
  stream->Abort(ReplyOf(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(call.finished());
  stream->Begin([] {});
  ASSERT_TRUE(call.finished());
  EXPECT_EQ(call.reply().code, absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace frontrunner
