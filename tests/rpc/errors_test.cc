#include "server/rpc/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/rpc/trailer_size.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

const Errors& TestErrors() {
  static const Errors* const errors = new Errors(Errors::Settings{});
  return *errors;
}

TEST(Errors, EveryReasonHasItsCodeAndRetryInfo) {
  for (const auto& [reason, name, code, retry] :
       std::vector<std::tuple<Reason, std::string, Code, bool>>{
           {Reason::kTooManyHops, "TOO_MANY_HOPS", Code::kFailedPrecondition,
            false},
           {Reason::kNoEntrant, "NO_ENTRANT", Code::kFailedPrecondition, false},
           {Reason::kDeadline, "DEADLINE", Code::kDeadlineExceeded, false},
           {Reason::kCachesFailed, "CACHES_FAILED", Code::kUnavailable, true},
           {Reason::kUnknownTable, "UNKNOWN_TABLE", Code::kInvalidArgument,
            false},
           {Reason::kInvalidKey, "INVALID_KEY", Code::kInvalidArgument, false},
           {Reason::kInvalidRequest, "INVALID_REQUEST", Code::kInvalidArgument,
            false},
           {Reason::kOverloaded, "OVERLOADED", Code::kResourceExhausted, true},
           {Reason::kDraining, "DRAINING", Code::kUnavailable, true},
           {Reason::kWritesRefused, "WRITES_REFUSED", Code::kPermissionDenied,
            false}}) {
    const RichError rich =
        Unpack(AsReply(TestErrors().Plain(reason, "Words.", "t")));
    EXPECT_EQ(rich.info.reason(), name);
    EXPECT_EQ(rich.status.code(), static_cast<int>(code)) << name;
    EXPECT_EQ(rich.retry.has_value(), retry) << name;
    EXPECT_EQ(rich.status.message(), "Words.");
    EXPECT_EQ(rich.info.metadata().at("table"), "t");
  }
}

TEST(Errors, TheRetryDelayIsASetting) {
  const Errors errors({.retry_delay = std::chrono::milliseconds(2250)});
  const RichError rich = Unpack(errors.Refused(Refusal::kDraining));
  EXPECT_EQ(rich.retry->retry_delay().seconds(), 2);
  EXPECT_EQ(rich.retry->retry_delay().nanos(), 250'000'000);
}

TEST(Errors, WithoutATableThereIsNoMetadata) {
  EXPECT_EQ(
      Unpack(TestErrors().Refused(Refusal::kOverloaded)).info.metadata_size(),
      0);
}

TEST(Errors, AnUnknownTableIsToldWithWhatIsNear) {
  const auto status = TestErrors().UnknownTable("unicod", {"unicode", "unico"});
  EXPECT_EQ(status.message(),
            "There is no table \"unicod\"; did you mean \"unicode\" or "
            "\"unico\"?");
}

TEST(Errors, AVeryLongNameIsCut) {
  std::string name;
  for (int i = 0; i < 100000; ++i) name += "\xe2\x82\xac";
  const auto status = TestErrors().UnknownTable(name, {});
  EXPECT_LT(TrailerBytes(status.message(), status.ByteSizeLong()), 2000U);
  Unpack(AsReply(status));
}

TEST(Errors, AVeryLongMessageIsCut) {
  const auto status = TestErrors().Plain(Reason::kCachesFailed,
                                         std::string(100000, '\xff'), "t");
  EXPECT_LT(TrailerBytes(status.message(), status.ByteSizeLong()),
            kMaxTrailerBytes);
  Unpack(AsReply(status));
}

}  // namespace
}  // namespace frontrunner
