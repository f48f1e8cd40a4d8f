// --watch as an operator sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include "tests/client/admin_command_fixture.h"

namespace frontrunner {
namespace {

using testing::HasSubstr;
using testing::Not;

class WatchCommand : public AdminCommand {
 protected:
  WatchCommand() {
    // Each look finds one more pending.
    server_.list_queues = [](int call, const auto&, auto& response) {
      auto& queue = *response.add_queues();
      queue.set_name("look" + std::to_string(call));
      return grpc::Status::OK;
    };
  }

  RunningProgram Start(std::vector<std::string> arguments,
                       bool terminal = false) const {
    return {Argv(std::move(arguments)),
            {.terminal = terminal, .environment = Environment()}};
  }
};

TEST_F(WatchCommand, IntoAPipeOneComesAfterTheOtherUntilSigint) {
  RunningProgram watch = Start({"queue", "list", "--watch", "20ms"});
  ASSERT_TRUE(watch.WaitFor("look3"));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.out(), HasSubstr("\n\nQUEUE"));
  EXPECT_THAT(watch.out(), Not(HasSubstr("\x1b")));
}

TEST_F(WatchCommand, SigtermEndsItCleanlyTooAlsoInALongPause) {
  RunningProgram watch = Start({"queue", "list", "--watch", "1h"});
  ASSERT_TRUE(watch.WaitFor("look1"));
  watch.Signal(SIGTERM);
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.out(), Not(HasSubstr("look2")));
}

TEST_F(WatchCommand, WithoutAnIntervalItIsASecond) {
  RunningProgram watch = Start({"queue", "list", "--watch"});
  ASSERT_TRUE(watch.WaitFor("look2"));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 0);
}

TEST_F(WatchCommand, JsonIsOneDocumentPerLine) {
  RunningProgram watch = Start({"queue", "list", "--watch=20ms", "--json"});
  ASSERT_TRUE(watch.WaitFor("look3"));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.out(),
              testing::StartsWith(R"({"queues":[{"name":"look1",)"));
  EXPECT_THAT(watch.out(), HasSubstr("\n{\"queues\":[{\"name\":\"look2\","));
  EXPECT_THAT(watch.out(), Not(HasSubstr("\n\n")));
}

TEST_F(WatchCommand, OnATerminalItIsDrawnInOnePlaceAndCtrlCEndsIt) {
  RunningProgram watch = Start({"queue", "list", "--watch", "20ms"}, true);
  ASSERT_TRUE(watch.WaitFor("look3"));
  watch.Type("\x03");
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.out(), testing::StartsWith("\x1b[2J\x1b[?7l\x1b[HQUEUE"));
  // Cleared once, then drawn over.
  EXPECT_EQ(watch.out().find("\x1b[2J", 1), std::string::npos);
  EXPECT_THAT(watch.out(), HasSubstr("\x1b[J\x1b[?7h\x1b[?7l\x1b[HQUEUE"));
}

TEST_F(WatchCommand, ItLooksOnOverARestartOfTheServer) {
  RunningProgram watch = Start({"queue", "list", "--watch", "20ms", "--json"});
  ASSERT_TRUE(watch.WaitFor("look1"));
  server_.Stop();
  ASSERT_TRUE(watch.WaitFor("{\"failed\":{\"code\":14,"));
  const size_t seen = server_.events().size();
  server_.Start();
  ASSERT_TRUE(watch.WaitFor("look" + std::to_string(seen + 1)));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 0);
}

TEST_F(WatchCommand, AServerThatWasNeverThereEndsIt) {
  server_.Stop();
  EXPECT_EQ(Run({"queue", "list", "--watch", "20ms"}).exit_code, 3);
}

TEST_F(WatchCommand, ANoEndsItAlsoLater) {
  server_.get_queue = [](int call, const auto&, auto&) {
    return call < 3 ? grpc::Status::OK
                    : grpc::Status(grpc::StatusCode::NOT_FOUND, "gone");
  };
  const auto result = Run({"queue", "show", "names", "--watch", "20ms"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "frontrunner: NOT_FOUND: gone\n");
}

TEST_F(WatchCommand, AHeldCallIsInterrupted) {
  // The handler may outlive this test's body by a moment.
  const auto release = std::make_shared<std::atomic<bool>>(false);
  server_.list_sources = [release](int, const auto&, auto&) {
    while (!*release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return grpc::Status::OK;
  };
  RunningProgram watch = Start({"sources", "--watch", "--deadline", "1h"});
  for (int i = 0; i < 10'000 && server_.events().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 0);
  *release = true;
}

TEST_F(WatchCommand, TheOtherListsCanBeWatchedToo) {
  server_.list_tables = [](int call, const auto&, auto& response) {
    response.add_tables()->set_name("look" + std::to_string(call));
    return grpc::Status::OK;
  };
  server_.list_outstanding = [](int call, const auto&, auto& response) {
    response.add_lookups()->set_table("look" + std::to_string(call));
    return grpc::Status::OK;
  };
  server_.list_prefetches = [](int call, const auto&, auto& response) {
    response.add_prefetches()->set_id("look" + std::to_string(call));
    return grpc::Status::OK;
  };
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{
           {"tables"}, {"outstanding"}, {"prefetches", "list"}}) {
    auto arguments = verb;
    arguments.insert(arguments.end(), {"--watch", "20ms"});
    RunningProgram watch = Start(arguments);
    EXPECT_TRUE(watch.WaitFor("look2")) << verb.front();
    watch.Signal(SIGINT);
    EXPECT_EQ(watch.Wait(), 0);
  }
}

}  // namespace
}  // namespace frontrunner
