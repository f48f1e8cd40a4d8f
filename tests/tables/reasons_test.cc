#include <gtest/gtest.h>

#include "server/base/status.h"
#include "server/tables/race_reason.h"
#include "tests/tables/table_rig.h"

namespace frontrunner {
namespace {

const absl::Status kOverloadedStatus = WithRefusal(
    absl::ResourceExhaustedError("queue full"), Refusal::kOverloaded);
const absl::Status kDrainingStatus =
    WithRefusal(absl::UnavailableError("draining"), Refusal::kDraining);

/// What a caller hears when redis and names fail so.
std::string After(absl::Status redis, absl::Status names) {
  TableRig rig;
  rig.Lookup("a");
  rig.redis->Answer(std::move(redis));
  rig.names->Answer(std::move(names));
  return Describe(rig.results["a"]);
}

TEST(Reasons, AllOutIsAllSourcesFailed) {
  EXPECT_EQ(After(absl::NotFoundError(""), absl::NotFoundError("")),
            "ALL_SOURCES_FAILED NOT_FOUND");
  EXPECT_EQ(After(absl::NotFoundError(""), absl::UnavailableError("")),
            "ALL_SOURCES_FAILED UNAVAILABLE");
}

TEST(Reasons, AnEntrantRefusedByOurQueueIsOverloaded) {
  EXPECT_EQ(After(absl::NotFoundError(""), kOverloadedStatus),
            "OVERLOADED RESOURCE_EXHAUSTED");
}

TEST(Reasons, AnEntrantRefusedByOurDrainIsDraining) {
  EXPECT_EQ(After(absl::NotFoundError(""), kDrainingStatus),
            "DRAINING UNAVAILABLE");
}

TEST(Reasons, ACachesFailureDoesNotHideARefusal) {
  EXPECT_EQ(After(absl::UnavailableError("down"), kOverloadedStatus),
            "OVERLOADED RESOURCE_EXHAUSTED");
}

TEST(Reasons, ACachesRefusalDoesNotHideABackendsFailure) {
  EXPECT_EQ(After(kOverloadedStatus, absl::InternalError("bug")),
            "ALL_SOURCES_FAILED INTERNAL");
}

TEST(Reasons, NotFoundIsNeverARefusal) {
  EXPECT_EQ(After(kOverloadedStatus, absl::NotFoundError("")),
            "ALL_SOURCES_FAILED NOT_FOUND");
}

TEST(Reasons, RefusedByBothQueueAndDrainFollowsTheCode) {
  TableRig rig;
  const auto other = std::make_shared<FakeSource>("other");
  rig.entrants.push_back(Entrant{.source = other});
  rig.Lookup("a");
  rig.CachesMiss();
  rig.names->Answer(kOverloadedStatus);
  other->Answer(kDrainingStatus);
  EXPECT_EQ(Describe(rig.results["a"]), "DRAINING UNAVAILABLE");
  rig.Lookup("b");
  rig.CachesMiss();
  rig.names->Answer(kOverloadedStatus);
  other->Answer(absl::InternalError("bug"));
  EXPECT_EQ(Describe(rig.results["b"]),
            "ALL_SOURCES_FAILED RESOURCE_EXHAUSTED");
}

TEST(Reasons, ALookupInCachesAloneIsJudgedByTheCaches) {
  TableRig rig;
  rig.Lookup("a", {.policy = CachePolicy::kOnly});
  rig.redis->Answer(kOverloadedStatus);
  EXPECT_EQ(Describe(rig.results["a"]), "OVERLOADED RESOURCE_EXHAUSTED");
}

TEST(Reasons, AFinalCodeIsFinalFailure) {
  TableRig rig;
  rig.entrants[2].final_codes.set(
      static_cast<size_t>(absl::StatusCode::kPermissionDenied));
  rig.Lookup("a");
  rig.names->Answer(absl::PermissionDeniedError("no"));
  EXPECT_EQ(Describe(rig.results["a"]), "FINAL_FAILURE PERMISSION_DENIED");
  EXPECT_TRUE(rig.results["a"].race);
}

TEST(Reasons, NobodyToAskIsNoEntrantAndNoRace) {
  TableRig rig;
  rig.entrants.resize(2);
  rig.Lookup("a", {.policy = CachePolicy::kBypass});
  EXPECT_EQ(rig.results.size(), 0U);
  rig.loop.RunUntilIdle();
  EXPECT_EQ(Describe(rig.results["a"]), "NO_ENTRANT FAILED_PRECONDITION");
  EXPECT_FALSE(rig.results["a"].race);
}

TEST(Reasons, EveryReasonHasItsName) {
  EXPECT_EQ(ReasonName(Reason::kAllSourcesFailed), "ALL_SOURCES_FAILED");
  EXPECT_EQ(ReasonName(Reason::kFinalFailure), "FINAL_FAILURE");
  EXPECT_EQ(ReasonName(Reason::kDeadline), "DEADLINE");
  EXPECT_EQ(ReasonName(Reason::kNoEntrant), "NO_ENTRANT");
  EXPECT_EQ(ReasonName(Reason::kTooManyHops), "TOO_MANY_HOPS");
  EXPECT_EQ(ReasonName(Reason::kCachesFailed), "CACHES_FAILED");
  EXPECT_EQ(ReasonName(Reason::kUnknownTable), "UNKNOWN_TABLE");
  EXPECT_EQ(ReasonName(Reason::kInvalidKey), "INVALID_KEY");
  EXPECT_EQ(ReasonName(Reason::kInvalidRequest), "INVALID_REQUEST");
  EXPECT_EQ(ReasonName(Reason::kOverloaded), "OVERLOADED");
  EXPECT_EQ(ReasonName(Reason::kDraining), "DRAINING");
  EXPECT_EQ(ReasonName(Reason::kWritesRefused), "WRITES_REFUSED");
}

}  // namespace
}  // namespace frontrunner
