#include "server/notify/heartbeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/notify/liveness.h"
#include "tests/notify/notify_socket.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HeartbeatTest : public ::testing::Test {
 protected:
  Heartbeat Make(std::optional<Duration> watchdog, std::string socket) {
    return Heartbeat(
        {.manager = {.socket = std::move(socket), .watchdog = watchdog},
         .log = [this](std::string_view line) { said_.emplace_back(line); }});
  }
  Heartbeat Make(std::optional<Duration> watchdog) {
    return Make(watchdog, socket_.name());
  }

  NotifySocket socket_{absl::StrCat("@heartbeat-test-", getpid())};
  std::vector<std::string> said_;
  TimePoint now_{std::chrono::hours(1)};
};

TEST_F(HeartbeatTest, ReadyComesWithAStatus) {
  Heartbeat heartbeat = Make(seconds(10));
  EXPECT_EQ(socket_.Next(), "");
  heartbeat.Ready("serving", now_);
  EXPECT_EQ(socket_.Next(), "READY=1\nSTATUS=serving");
}

TEST_F(HeartbeatTest, EachSignOfLifeIsTold) {
  Heartbeat heartbeat = Make(seconds(10));
  heartbeat.Beat(true, now_);
  heartbeat.Beat(true, now_);
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
}

TEST_F(HeartbeatTest, NoSignOfLifeNoWord) {
  Heartbeat heartbeat = Make(seconds(10));
  heartbeat.Ready("serving", now_);
  socket_.Next();
  heartbeat.Beat(false, now_ + milliseconds(4999));
  EXPECT_EQ(socket_.Next(), "");
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(HeartbeatTest, SilenceForHalfTheTimeIsSaidOnce) {
  Heartbeat heartbeat = Make(seconds(10));
  heartbeat.Ready("serving", now_);
  socket_.Next();
  heartbeat.Beat(false, now_ + seconds(5));
  heartbeat.Beat(false, now_ + seconds(6));
  EXPECT_EQ(socket_.Next(), "STATUS=a thread does not answer");
  EXPECT_EQ(socket_.Next(), "");
  EXPECT_THAT(said_, ElementsAre("a thread does not answer"));
}

TEST_F(HeartbeatTest, WhoComesBackHasItsStatusAgain) {
  Heartbeat heartbeat = Make(seconds(10));
  heartbeat.Ready("serving", now_);
  socket_.Next();
  heartbeat.Beat(false, now_ + seconds(5));
  socket_.Next();
  heartbeat.Beat(true, now_ + seconds(6));
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
  EXPECT_EQ(socket_.Next(), "STATUS=serving");
  heartbeat.Beat(true, now_ + seconds(7));
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
}

TEST_F(HeartbeatTest, WithoutAWatchdogThereAreNoSignsOfLife) {
  Heartbeat heartbeat = Make(std::nullopt);
  heartbeat.Beat(true, now_);
  EXPECT_EQ(socket_.Next(), "");
}

TEST_F(HeartbeatTest, WithoutAWatchdogSilenceIsSaidWhenPatienceIsOver) {
  Heartbeat heartbeat = Make(std::nullopt);
  heartbeat.Ready("serving", now_);
  heartbeat.Beat(false, now_ + kThreadPatience - milliseconds(1));
  EXPECT_THAT(said_, IsEmpty());
  heartbeat.Beat(false, now_ + kThreadPatience);
  heartbeat.Beat(false, now_ + 2 * kThreadPatience);
  EXPECT_THAT(said_, ElementsAre("a thread does not answer"));
}

TEST_F(HeartbeatTest, WithNobodyToTellSilenceIsSaidToTheLogAlone) {
  Heartbeat heartbeat = Make(std::nullopt, "");
  heartbeat.Ready("serving", now_);
  heartbeat.Beat(false, now_ + kThreadPatience);
  EXPECT_THAT(said_, ElementsAre("a thread does not answer"));
}

TEST_F(HeartbeatTest, StoppingAsksForTheTimeItTakes) {
  Heartbeat heartbeat = Make(seconds(10));
  heartbeat.Stopping(seconds(25));
  EXPECT_EQ(socket_.Next(),
            "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=25000000");
}

TEST_F(HeartbeatTest, BeatsAreAtLeastFourToTheWatchdogsTime) {
  EXPECT_EQ(Make(seconds(10)).period(milliseconds(250)), milliseconds(250));
  EXPECT_EQ(Make(milliseconds(400)).period(milliseconds(250)),
            milliseconds(100));
  EXPECT_EQ(Make(std::chrono::microseconds(1)).period(milliseconds(250)),
            milliseconds(1));
  EXPECT_EQ(Make(std::nullopt).period(milliseconds(250)), milliseconds(250));
}

TEST_F(HeartbeatTest, AManagerThatCannotBeToldIsSaidOnce) {
  Heartbeat heartbeat = Make(seconds(10), "/nowhere/notify");
  heartbeat.Ready("serving", now_);
  heartbeat.Beat(true, now_);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("/nowhere/notify")));
}

}  // namespace
}  // namespace frontrunner
