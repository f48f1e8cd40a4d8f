#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/client/admin_command_fixture.h"

namespace frontrunner {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DrainCommand : public AdminCommand {
 protected:
  DrainCommand() {
    server_.drain = [](int, const auto&, auto& response) {
      response.set_outstanding(3);
      return grpc::Status::OK;
    };
    server_.list_outstanding = [](int call, const auto&, auto& response) {
      response.set_outstanding(call < 3 ? 2 : 1);
      response.set_draining(true);
      return grpc::Status::OK;
    };
  }
};

TEST_F(DrainCommand, ItSaysHowManyAreOutstanding) {
  const auto result = Run({"drain"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "draining: 3 lookups outstanding\n");
  EXPECT_EQ(Run({"drain", "--json"}).out, "{\"outstanding\":3}\n");
  EXPECT_THAT(server_.events(), testing::ElementsAre("Drain", "Drain"));
}

TEST_F(DrainCommand, WithWaitItTellsEachChangeUntilTheServerIsGone) {
  RunningProgram drain(Argv({"drain", "--wait"}),
                       {.environment = Environment()});
  ASSERT_TRUE(drain.WaitFor("1 lookup left\n"));
  server_.Stop();
  EXPECT_EQ(drain.Wait(), 0);
  EXPECT_EQ(drain.out(),
            "draining: 3 lookups outstanding\n2 lookups left\n1 lookup left\n"
            "the server is gone\n");
}

TEST_F(DrainCommand, AServerThatDoesNotDrainIsANewOne) {
  server_.list_outstanding = [](int call, const auto&, auto& response) {
    response.set_draining(call < 2);
    response.set_outstanding(3);
    return grpc::Status::OK;
  };
  const auto result = Run({"drain", "--wait", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "{\"outstanding\":3}\n{\"gone\":true}\n");
}

TEST_F(DrainCommand, AServerThatDoesNotDrainYetIsNoNewOne) {
  server_.list_outstanding = [](int call, const auto&, auto& response) {
    response.set_draining(call == 3);
    response.set_outstanding(3);
    return grpc::Status::OK;
  };
  const auto result = Run({"drain", "--wait"});
  EXPECT_EQ(result.out,
            "draining: 3 lookups outstanding\nthe server is gone\n");
  EXPECT_THAT(server_.events(),
              testing::ElementsAre("Drain", StartsWith("ListOutstanding"),
                                   StartsWith("ListOutstanding"),
                                   StartsWith("ListOutstanding"),
                                   StartsWith("ListOutstanding")));
}

TEST_F(DrainCommand, AServerThatComesAfterNobodyWasThereIsANewOne) {
  server_.list_outstanding = [](int call, const auto&, auto& response) {
    response.set_outstanding(3);
    return call == 1 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "")
                     : grpc::Status::OK;
  };
  const auto result = Run({"drain", "--wait", "--deadline", "5s"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("the server is gone"));
}

TEST_F(DrainCommand, ItWaitsNoLongerThanItsDeadline) {
  const auto result = Run({"drain", "--wait", "--deadline", "700ms"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("it is still there"));
}

TEST_F(DrainCommand, AnInterruptedWaitIsNoEnd) {
  RunningProgram drain(Argv({"drain", "--wait"}),
                       {.environment = Environment()});
  ASSERT_TRUE(drain.WaitFor("draining"));
  drain.Signal(SIGINT);
  EXPECT_EQ(drain.Wait(), 3);
}

TEST_F(DrainCommand, ARefusedDrainExitsWith3) {
  server_.drain = nullptr;
  const auto result = Run({"drain", "--wait"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("frontrunner: UNIMPLEMENTED"));
}

}  // namespace
}  // namespace frontrunner
