#include "server/race/failures.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/fakes/fake_source.h"

namespace frontrunner {
namespace {

using Code = absl::StatusCode;

struct Failed {
  Code code;
  bool is_cache = false;
};
constexpr bool kCache = true;

Code Judge(const std::vector<Failed>& all,
           CachePolicy policy = CachePolicy::kDefault) {
  std::vector<Entrant> entrants;
  std::vector<EntrantResult> results;
  for (const Failed& one : all) {
    entrants.push_back(
        {std::make_shared<FakeSource>("s"), {}, {}, one.is_cache});
    results.emplace_back().status = absl::Status(one.code, "");
  }
  return JudgeAllOut(entrants, results, policy);
}

TEST(Failures, NotFoundWhenAllSayNotFound) {
  EXPECT_EQ(Judge({{Code::kNotFound}, {Code::kNotFound}}), Code::kNotFound);
}

TEST(Failures, ADeadCacheDoesNotTurnNoSuchKeyIntoAnError) {
  EXPECT_EQ(Judge({{Code::kUnavailable, kCache}, {Code::kNotFound}}),
            Code::kNotFound);
}

TEST(Failures, ACacheCountsInATableOfCachesOnly) {
  EXPECT_EQ(Judge({{Code::kUnavailable, kCache}, {Code::kNotFound, kCache}}),
            Code::kUnavailable);
}

TEST(Failures, OnlyIsJudgedAsATableOfCaches) {
  EXPECT_EQ(
      Judge({{Code::kUnavailable, kCache}, {Code::kOk}}, CachePolicy::kOnly),
      Code::kUnavailable);
}

TEST(Failures, ACachesFailureDoesNotHideTheBackends) {
  EXPECT_EQ(Judge({{Code::kUnavailable, kCache}, {Code::kInternal}}),
            Code::kInternal);
}

TEST(Failures, TheMostTellingComesFirstWhateverTheOrder) {
  EXPECT_EQ(Judge({{Code::kInternal},
                   {Code::kDeadlineExceeded},
                   {Code::kResourceExhausted},
                   {Code::kUnavailable}}),
            Code::kUnavailable);
  EXPECT_EQ(Judge({{Code::kInternal},
                   {Code::kDeadlineExceeded},
                   {Code::kResourceExhausted}}),
            Code::kResourceExhausted);
  EXPECT_EQ(Judge({{Code::kInternal}, {Code::kDeadlineExceeded}}),
            Code::kDeadlineExceeded);
  EXPECT_EQ(Judge({{Code::kPermissionDenied}, {Code::kInternal}}),
            Code::kInternal);
}

TEST(Failures, OtherwiseTheFirstInOrderThatIsNotNotFound) {
  EXPECT_EQ(Judge({{Code::kNotFound}, {Code::kDataLoss}, {Code::kAborted}}),
            Code::kDataLoss);
}

}  // namespace
}  // namespace frontrunner
