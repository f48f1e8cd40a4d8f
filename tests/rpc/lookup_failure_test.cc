#include "server/rpc/lookup_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "server/rpc/text.h"
#include "server/rpc/trailer_size.h"
#include "tests/rpc/handler_rig.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Failed {
  std::string source;
  Verdict verdict = Verdict::kFailed;
  absl::Status status;
};

/// A table of these entrants, and a lookup in which they ended so.
struct Case {
  Case(const std::vector<Failed>& entrants, Reason reason,
       absl::StatusCode code, std::string table_name = "t") {
    Table::Parts parts;
    auto settings = std::make_shared<TableSettings>();
    settings->name = std::move(table_name);
    parts.settings = settings;
    parts.counters = std::make_shared<TableCounters>();
    auto race = std::make_shared<RaceResult>();
    race->end = RaceEnd::kAllOut;
    for (const Failed& entrant : entrants) {
      parts.entrant_names.push_back(entrant.source);
      race->entrants.push_back({.verdict = entrant.verdict,
                                .started_after = milliseconds(1),
                                .finished_after = milliseconds(2),
                                .status = entrant.status,
                                .attempts = 1});
    }
    result.outcome = absl::Status(code, "the core's words");
    result.reason = reason;
    race->outcome = result.outcome;
    result.race = race;
    table = std::make_unique<Table>(std::move(parts));
  }

  google::rpc::Status Tell() const {
    return LookupFailure(Errors(Errors::Settings{}), *table, result);
  }

  LookupResult result;
  std::unique_ptr<Table> table;
};

size_t SizeOf(const google::rpc::Status& status) {
  return TrailerBytes(status.message(), status.ByteSizeLong());
}

/// Whether protobuf, and so every client, takes it for UTF-8.
bool IsUtf8(const std::string& text) { return CleanUtf8(text) == text; }

TEST(LookupFailure, EachVerdictHasItsWords) {
  const Case failure({{"a", Verdict::kMissed, absl::NotFoundError("gone")},
                      {"b", Verdict::kCancelled, absl::CancelledError("")},
                      {"c", Verdict::kNotStarted, absl::OkStatus()},
                      {"d", Verdict::kFailed, absl::InternalError("broke")}},
                     Reason::kFinalFailure, absl::StatusCode::kInternal);
  EXPECT_EQ(failure.Tell().message(),
            "A final answer ended the race of table \"t\": a said NOT_FOUND, b "
            "was cancelled with CANCELLED, c was not started, d failed with "
            "INTERNAL (broke).");
}

TEST(LookupFailure, ATrueMissSaysThatNobodyHasTheKey) {
  const Case failure({{"a", Verdict::kMissed, absl::NotFoundError("")}},
                     Reason::kAllSourcesFailed, absl::StatusCode::kNotFound);
  EXPECT_EQ(failure.Tell().message(),
            "No source of table \"t\" has the key: a said NOT_FOUND.");
}

TEST(LookupFailure, RetryInfoIsForWhatMayPass) {
  using Code = absl::StatusCode;
  for (const auto& [reason, code, worth] :
       std::vector<std::tuple<Reason, Code, bool>>{
           {Reason::kAllSourcesFailed, Code::kUnavailable, true},
           {Reason::kAllSourcesFailed, Code::kResourceExhausted, true},
           {Reason::kAllSourcesFailed, Code::kNotFound, false},
           {Reason::kAllSourcesFailed, Code::kInternal, false},
           {Reason::kFinalFailure, Code::kUnavailable, false},
           {Reason::kDeadline, Code::kDeadlineExceeded, false},
           {Reason::kNoEntrant, Code::kFailedPrecondition, false},
           {Reason::kOverloaded, Code::kResourceExhausted, true},
           {Reason::kDraining, Code::kUnavailable, true}}) {
    const Case failure({{"a", Verdict::kFailed, absl::Status(code, "")}},
                       reason, code);
    const RichError rich = Unpack(failure.Tell());
    EXPECT_EQ(rich.retry.has_value(), worth) << ReasonName(reason);
    EXPECT_EQ(rich.info.reason(), ReasonName(reason));
    EXPECT_EQ(rich.info.metadata().at("table"), "t");
    EXPECT_EQ(rich.status.code(), static_cast<int>(code));
  }
}

TEST(LookupFailure, WithoutARaceThereIsNoReport) {
  Case failure({}, Reason::kNoEntrant, absl::StatusCode::kFailedPrecondition);
  failure.result.race = nullptr;
  const RichError rich = Unpack(failure.Tell());
  EXPECT_FALSE(rich.report);
  EXPECT_EQ(rich.status.message(), "The core's words.");
}

TEST(LookupFailure, ARaceThatFitsIsToldInFull) {
  const std::string words(1500, 'x');
  const Case failure({{"a", Verdict::kFailed, absl::UnavailableError(words)}},
                     Reason::kAllSourcesFailed, absl::StatusCode::kUnavailable);
  const RichError rich = Unpack(failure.Tell());
  EXPECT_EQ(rich.report->entrants(0).message(), words);
  EXPECT_THAT(rich.status.message(), HasSubstr(words));
}

TEST(LookupFailure, LongMessagesAreShortenedBeforeAnybodyIsLeftOut) {
  std::vector<Failed> entrants;
  for (int i = 0; i < 20; ++i) {
    entrants.push_back({"s" + std::to_string(i), Verdict::kFailed,
                        absl::UnavailableError(std::string(5000, 'x'))});
  }
  const Case failure(entrants, Reason::kAllSourcesFailed,
                     absl::StatusCode::kUnavailable);
  const RichError rich = Unpack(failure.Tell());
  EXPECT_LT(SizeOf(rich.status), kMaxTrailerBytes);
  ASSERT_EQ(rich.report->entrants_size(), 20);
  for (const auto& entrant : rich.report->entrants()) {
    EXPECT_THAT(entrant.message(), EndsWith("..."));
    EXPECT_GT(entrant.message().size(), 20U);
    EXPECT_THAT(rich.status.message(),
                HasSubstr(entrant.source() + " failed with UNAVAILABLE (x"));
  }
  // No more than needed is taken away: another byte each would not fit.
  EXPECT_GT(SizeOf(rich.status), kMaxTrailerBytes - 200);
}

TEST(LookupFailure, ThenSourcesAreLeftOutFromTheEndAndCounted) {
  std::vector<Failed> entrants;
  for (int i = 0; i < 500; ++i) {
    entrants.push_back({"source" + std::to_string(i), Verdict::kFailed,
                        absl::UnavailableError("refused")});
  }
  const Case failure(entrants, Reason::kAllSourcesFailed,
                     absl::StatusCode::kUnavailable);
  const RichError rich = Unpack(failure.Tell());
  EXPECT_LT(SizeOf(rich.status), kMaxTrailerBytes);
  const int shown = rich.report->entrants_size();
  EXPECT_GT(shown, 10);
  for (int i = 0; i < shown; ++i) {
    EXPECT_EQ(rich.report->entrants(i).source(), "source" + std::to_string(i));
  }
  EXPECT_THAT(
      rich.status.message(),
      EndsWith(" and " + std::to_string(500 - shown) + " more not shown."));
}

TEST(LookupFailure, EvenWhenNotOneSourceFits) {
  const Case failure(
      {{std::string(9000, 's'), Verdict::kFailed, absl::UnavailableError("")}},
      Reason::kAllSourcesFailed, absl::StatusCode::kUnavailable);
  const RichError rich = Unpack(failure.Tell());
  EXPECT_LT(SizeOf(rich.status), kMaxTrailerBytes);
  EXPECT_EQ(rich.report->entrants_size(), 0);
  EXPECT_EQ(rich.status.message(),
            "No source of table \"t\" answered: 1 sources not shown.");
}

std::string RandomText(std::mt19937& random, size_t max) {
  const std::vector<std::string> pieces = {"a",
                                           "%",
                                           "\n",
                                           "\xc3\xa9",
                                           "\xe2\x82\xac",
                                           "\xf0\x9f\x8f\x81",
                                           "\xff",
                                           "\xe2\x82",
                                           std::string(1, '\0')};
  // One kind of character for a while, so that each extreme comes up.
  std::string text;
  const size_t size = random() % (max + 1);
  while (text.size() < size) {
    const std::string& piece = pieces[random() % pieces.size()];
    for (size_t i = random() % 200; i > 0 && text.size() < size; --i) {
      text += piece;
    }
  }
  return text;
}

TEST(LookupFailure, StaysBelow8KBWhateverTheSourcesSay) {
  std::mt19937 random(7);  // NOLINT: the same cases each time
  for (int round = 0; round < 300; ++round) {
    std::vector<Failed> entrants;
    const bool many = round % 3 == 0;
    const size_t count = random() % (many ? 400 : 12);
    const size_t max_message = many ? 60 : round % 2 == 0 ? 20000 : 1000;
    for (size_t i = 0; i < count; ++i) {
      entrants.push_back(
          {"s" + std::to_string(i), static_cast<Verdict>(3 + random() % 3),
           absl::UnavailableError(RandomText(random, max_message))});
    }
    Case failure(entrants, static_cast<Reason>(random() % 4),
                 absl::StatusCode::kUnavailable, RandomText(random, 300) + "t");
    if (round % 5 == 0) {
      failure.result.outcome =
          absl::UnavailableError(RandomText(random, 20000) + "!");
    }
    if (round % 10 == 0) failure.result.race = nullptr;
    const google::rpc::Status status = failure.Tell();
    ASSERT_LT(SizeOf(status), kMaxTrailerBytes);
    ASSERT_TRUE(IsUtf8(status.message()));
    // What went over the wire can be read, with one ErrorInfo.
    const RichError rich = Unpack(AsReply(status));
    ASSERT_EQ(rich.report.has_value(), failure.result.race != nullptr);
    if (!rich.report) continue;
    const auto shown = static_cast<size_t>(rich.report->entrants_size());
    ASSERT_LE(shown, count);
    for (const auto& entrant : rich.report->entrants()) {
      ASSERT_TRUE(IsUtf8(entrant.message()));
    }
    if (shown < count) {
      ASSERT_THAT(status.message(), HasSubstr(std::to_string(count - shown)));
    }
  }
}

}  // namespace
}  // namespace frontrunner
