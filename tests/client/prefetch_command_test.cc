#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

#include "tests/client/admin_command_fixture.h"

namespace frontrunner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PrefetchCommand : public AdminCommand {
 protected:
  PrefetchCommand() {
    server_.prefetch = [this](int call, const auto& request, auto& response) {
      return Accept(call, request, response);
    };
    server_.watch_prefetch = [this](int, const auto&, const auto& write) {
      const std::lock_guard lock(mutex_);
      write(Progress());
      return grpc::Status::OK;
    };
  }

  // What a server does, with a journal that outlives it.
  grpc::Status Accept(int /*call*/, const v1::PrefetchRequest& request,
                      v1::PrefetchResponse& response) {
    const std::lock_guard lock(mutex_);
    if (complete_) return {grpc::StatusCode::FAILED_PRECONDITION, "complete"};
    keys_.insert(request.keys().begin(), request.keys().end());
    calls_.push_back(request.keys_size());
    last_ = request;
    complete_ = request.last();
    response.set_accepted(keys_.size());
    return grpc::Status::OK;
  }

  // All that has come is stored but those that fail.
  v1::PrefetchProgress Progress() const {
    v1::PrefetchProgress progress;
    progress.set_id(last_.id());
    progress.set_table(last_.table());
    progress.set_accepted(keys_.size());
    progress.set_failed(failures_.empty() ? 0 : 1);
    progress.set_stored(keys_.size() - progress.failed());
    progress.set_complete(complete_);
    progress.set_finished(complete_);
    for (const auto& failure : failures_) *progress.add_failures() = failure;
    return progress;
  }

  static std::string Lines(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "k" + std::to_string(i) + "\n";
    return lines;
  }

  std::mutex mutex_;
  std::set<std::string> keys_;
  std::vector<int> calls_;
  v1::PrefetchRequest last_;
  bool complete_ = false;
  std::vector<v1::PrefetchFailure> failures_;
};

TEST_F(PrefetchCommand, KeysGoInChunksAndTheEndIsSummedUp) {
  const auto result =
      Run({"prefetch", "unicode", "--id", "p", "--priority", "-5"},
          Lines(2500) + "\n\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(result.out, testing::StartsWith("prefetch p\n"));
  EXPECT_THAT(result.out,
              HasSubstr("2500 keys accepted, 2 empty lines left out\n"));
  EXPECT_THAT(result.out,
              testing::EndsWith("100%  2500 of 2500\n"
                                "prefetch p: 2500 accepted, 2500 stored, 0 "
                                "failed\n"));
  EXPECT_THAT(calls_, ElementsAre(1000, 1000, 500));
  EXPECT_EQ(last_.table(), "unicode");
  EXPECT_EQ(last_.priority(), -5);
}

TEST_F(PrefetchCommand, TheLastChunkSaysSoAlsoWhenItIsFull) {
  EXPECT_EQ(Run({"prefetch", "t", "--chunk", "5"}, Lines(10)).exit_code, 0);
  EXPECT_THAT(calls_, ElementsAre(5, 5));
  EXPECT_TRUE(complete_);
  EXPECT_FALSE(last_.has_priority());
  EXPECT_THAT(last_.id(), testing::MatchesRegex("[0-9]+-[0-9]+-[0-9a-f]+"));
}

TEST_F(PrefetchCommand, KeysCanEndWithNul) {
  EXPECT_EQ(Run({"prefetch", "t", "-", "--null"}, std::string("a\nb\0c", 5))
                .exit_code,
            0);
  EXPECT_THAT(keys_, ElementsAre("a\nb", "c"));
}

TEST_F(PrefetchCommand, WithoutKeysNothingIsBegun) {
  const auto result = Run({"prefetch", "t"}, "\n\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out,
              HasSubstr("0 keys accepted, 2 empty lines left out\n"));
  EXPECT_THAT(server_.events(), IsEmpty());
}

TEST_F(PrefetchCommand, DetachedItEndsWhenAllAreAccepted) {
  const auto result =
      Run({"prefetch", "t", "--detach", "--json", "--id", "p"}, "a\n\nb\na\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "{\"id\":\"p\",\"accepted\":\"2\",\"skipped\":\"1\"}\n");
  EXPECT_EQ(server_.events().size(), 1U);
}

TEST_F(PrefetchCommand, JsonEndsWithTheFinishedProgress) {
  const auto result = Run({"prefetch", "t", "--json", "--id", "p"}, "a\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out,
              testing::StartsWith(
                  "{\"id\":\"p\",\"accepted\":\"1\",\"skipped\":\"0\"}\n"
                  "{\"id\":\"p\",\"table\":\"t\","));
  EXPECT_THAT(result.out, HasSubstr("\"finished\":true"));
}

TEST_F(PrefetchCommand, FailuresAreSummedUpAndDecideTheExitCode) {
  v1::PrefetchFailure failure;
  failure.set_code(5);
  failure.set_count(1);
  failure.set_message("nobody has it");
  failures_ = {failure};
  const auto missed = Run({"prefetch", "t"}, "a\nb\n");
  EXPECT_EQ(missed.exit_code, 1);
  EXPECT_THAT(missed.out, HasSubstr("  NOT_FOUND  1  nobody has it\n"));
  complete_ = false;
  failures_.front().set_code(14);
  EXPECT_EQ(Run({"prefetch", "t"}, "a\nb\n").exit_code, 3);
}

TEST_F(PrefetchCommand, AChunkIsRepeatedAfterUnavailable) {
  server_.prefetch = [this](int call, const auto& request, auto& response) {
    if (call == 2 || call == 3) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "away");
    }
    return Accept(call, request, response);
  };
  const auto result = Run({"prefetch", "t", "--chunk", "2"}, Lines(5));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(calls_, ElementsAre(2, 2, 1));
  EXPECT_EQ(keys_.size(), 5U);
  // Once for the time away, not for each try.
  EXPECT_EQ(result.err, "frontrunner: UNAVAILABLE: away; trying again\n");
}

TEST_F(PrefetchCommand, ALostAnswerToTheLastChunkIsNoFailure) {
  server_.prefetch = [this](int call, const auto& request, auto& response) {
    const auto status = Accept(call, request, response);
    return call == 1 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost")
                     : status;
  };
  const auto result = Run({"prefetch", "t"}, Lines(3));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("3 keys accepted\n"));
  EXPECT_THAT(calls_, ElementsAre(3));
}

TEST_F(PrefetchCommand, KeysAfterTheLastAreRefused) {
  complete_ = true;
  const auto result = Run({"prefetch", "t", "--id", "p"}, Lines(3));
  EXPECT_EQ(result.exit_code, 3);
  // Without a word of going on.
  EXPECT_EQ(result.err, "frontrunner: FAILED_PRECONDITION: complete\n");
}

TEST_F(PrefetchCommand, AServerThatStaysAwayIsGivenUpAfterPatience) {
  server_.Stop();
  const auto result =
      Run({"prefetch", "t", "--id", "p", "--patience", "300ms"}, Lines(3));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("trying again\n"));
  EXPECT_THAT(result.err,
              HasSubstr("accepted so far: 0; to go on, run the same command "
                        "with --id p\n"));
}

TEST_F(PrefetchCommand, ItIsOverAtItsDeadline) {
  server_.watch_prefetch = [this](int, const auto&, const auto& write) {
    v1::PrefetchProgress progress;
    progress.set_accepted(3);
    while (write(progress)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return grpc::Status::OK;
  };
  const auto result = Run({"prefetch", "t", "--deadline", "500ms"}, Lines(3));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("--deadline"));
  EXPECT_THAT(result.err, HasSubstr("frontrunner prefetches watch "));
}

TEST_F(PrefetchCommand, ARefusalIsNotRepeated) {
  server_.prefetch = [](int, const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no such table");
  };
  const auto result = Run({"prefetch", "t"}, Lines(3));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(server_.events().size(), 1U);
  EXPECT_THAT(result.err, HasSubstr("INVALID_ARGUMENT: no such table\n"));
}

TEST_F(PrefetchCommand, ItGoesOnOverARestartWhileSending) {
  RunningProgram prefetch(Argv({"prefetch", "t", "--chunk", "2"}),
                          {.environment = Environment()});
  prefetch.Type(Lines(5));
  ASSERT_TRUE(prefetch.WaitFor("accepted"));
  server_.Stop();
  prefetch.Type("x\ny\nz\n");
  server_.Start();
  prefetch.CloseInput();
  EXPECT_EQ(prefetch.Wait(), 0);
  EXPECT_EQ(keys_.size(), 8U);
}

TEST_F(PrefetchCommand, ItLooksOnOverARestart) {
  std::atomic<bool> restarted = false;
  server_.watch_prefetch = [&](int, const auto&, const auto& write) {
    const std::lock_guard lock(mutex_);
    auto progress = Progress();
    progress.set_finished(restarted);
    write(progress);
    while (!restarted && write(progress)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return grpc::Status::OK;
  };
  RunningProgram prefetch(Argv({"prefetch", "t", "--json"}),
                          {.environment = Environment()});
  prefetch.Type(Lines(5));
  prefetch.CloseInput();
  ASSERT_TRUE(prefetch.WaitFor("\"finished\":false"));
  server_.Stop();
  restarted = true;
  server_.Start();
  EXPECT_EQ(prefetch.Wait(), 0);
  EXPECT_THAT(prefetch.out(), HasSubstr("\"finished\":true"));
}

TEST_F(PrefetchCommand, AStreamThatEndsEarlyIsOpenedAnew) {
  server_.watch_prefetch = [this](int call, const auto&, const auto& write) {
    auto progress = Progress();
    progress.set_finished(call == 3);
    write(progress);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"prefetch", "t"}, Lines(5)).exit_code, 0);
  EXPECT_EQ(server_.events().size(), 4U);
}

TEST_F(PrefetchCommand, OnATerminalABarIsDrawnInOnePlace) {
  server_.watch_prefetch = [this](int, const auto&, const auto& write) {
    auto progress = Progress();
    progress.set_finished(false);
    progress.set_stored(keys_.size() / 2);
    progress.set_per_second(2);
    write(progress);
    write(Progress());
    return grpc::Status::OK;
  };
  RunningProgram prefetch(Argv({"prefetch", "t"}),
                          {.terminal = true, .environment = Environment()});
  prefetch.Type(Lines(8) + "\x04");
  EXPECT_EQ(prefetch.Wait(), 0);
  EXPECT_THAT(prefetch.out(),
              HasSubstr("\r[####################                    ] 50%  4 "
                        "of 8, 2.0/s, 0:02 left\x1b[K"));
  EXPECT_THAT(prefetch.out(), HasSubstr("] 100%  8 of 8\x1b[K\r\nprefetch "));
}

TEST_F(PrefetchCommand, InterruptedWhileReadingItSaysHowToGoOn) {
  RunningProgram prefetch(Argv({"prefetch", "t", "--id", "p", "--chunk", "2"}),
                          {.terminal = true, .environment = Environment()});
  prefetch.Type(Lines(5));
  ASSERT_TRUE(prefetch.WaitFor("accepted"));
  prefetch.Type("\x03");
  EXPECT_EQ(prefetch.Wait(), 3);
  EXPECT_THAT(prefetch.out(), HasSubstr("CANCELLED: interrupted"));
  EXPECT_THAT(prefetch.out(), HasSubstr("run the same command with --id p"));
  EXPECT_FALSE(complete_);
}

TEST_F(PrefetchCommand, WrongUsageExitsWith2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"prefetch"},
           {"prefetch", "\xff"},
           {"prefetch", "t", "/nowhere"},
           {"prefetch", "t", "-", "x"},
           {"prefetch", "t", "--id", "a/b"},
           {"prefetch", "t", "--id", std::string(65, 'a')},
           {"prefetch", "t", "--priority", "low"},
           {"prefetch", "t", "--chunk", "0"},
           {"prefetch", "t", "--patience", "0s"},
           {"prefetches"},
           {"prefetches", "show"},
           {"prefetches", "cancel", "a b"},
           {"prefetches", "list", "p"}}) {
    const auto result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(result.err, Not(IsEmpty()));
  }
  EXPECT_THAT(server_.events(), IsEmpty());
}

TEST_F(PrefetchCommand, PrefetchesAreListedShownWatchedAndCancelled) {
  keys_ = {"a", "b"};
  last_.set_id("p");
  complete_ = true;
  server_.list_prefetches = [this](int, const auto&, auto& response) {
    *response.add_prefetches() = Progress();
    return grpc::Status::OK;
  };
  server_.cancel_prefetch = [this](int, const auto& request, auto& response) {
    if (request.id() != "p") {
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such prefetch");
    }
    response = Progress();
    return grpc::Status::OK;
  };
  const std::string summary = "prefetch p: 2 accepted, 2 stored, 0 failed\n";
  EXPECT_THAT(Run({"prefetches", "list"}).out,
              HasSubstr("p                finished  2         2 "));
  EXPECT_THAT(Run({"prefetches", "list", "--json"}).out,
              HasSubstr(R"({"prefetches":[{"id":"p",)"));
  EXPECT_EQ(Run({"prefetches", "show", "p"}).out, summary);
  EXPECT_THAT(Run({"prefetches", "show", "p", "--json"}).out,
              HasSubstr(R"({"id":"p",)"));
  EXPECT_EQ(Run({"prefetches", "cancel", "p"}).out, summary);
  EXPECT_EQ(Run({"prefetches", "watch", "p"}).out, "100%  2 of 2\n" + summary);
  EXPECT_EQ(Run({"prefetches", "cancel", "q"}).exit_code, 1);
}

TEST_F(PrefetchCommand, WatchingAnUnknownOneExitsWith1) {
  server_.watch_prefetch = [](int, const auto&, const auto&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such prefetch");
  };
  for (const std::string verb : {"watch", "show"}) {
    const auto result = Run({"prefetches", verb, "q"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.err, "frontrunner: NOT_FOUND: no such prefetch\n");
  }
}

}  // namespace
}  // namespace frontrunner
