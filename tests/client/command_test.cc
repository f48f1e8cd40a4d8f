// The frontrunner command as a user runs it: a process of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/durations.h"
#include "tests/client/fake_lookup_server.h"
#include "tests/client/run_program.h"

namespace frontrunner {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Command : public testing::Test {
 protected:
  Command() {
    server_.lookup = [](int, const auto& request, auto& response) {
      return Answer(request.key(), request.include_report(), response);
    };
    server_.batch = [](int, const auto& request, auto& answers) {
      // Last first: finishing order is not that of the keys.
      for (int i = request.keys_size(); i-- > 0;) {
        auto& answer = answers.emplace_back();
        answer.set_key(request.keys(i));
        const auto status =
            Answer(answer.key(), false, *answer.mutable_found());
        if (status.ok()) continue;
        answer.clear_found();
        answer.mutable_failed()->set_code(status.error_code());
        answer.mutable_failed()->set_message(status.error_message());
      }
      return grpc::Status::OK;
    };
  }

  // What the servers of this test have: flag, odd and nothing else.
  static grpc::Status Answer(const std::string& key, bool report,
                             v1::LookupResponse& response) {
    if (key == "broken") {
      return ToGrpc(
          {.message = "names UNAVAILABLE", .reason = "ALL_SOURCES_FAILED"});
    }
    if (key != "flag" && key != "odd") {
      return ToGrpc({.code = absl::StatusCode::kNotFound,
                     .message = "nobody has it",
                     .reason = "ALL_SOURCES_FAILED"});
    }
    response.set_value(key == "flag" ? "CHEQUERED FLAG" : "a\x1b\n\xff");
    response.set_source("names");
    if (report) {
      auto& entrant = *response.mutable_report()->add_entrants();
      entrant.set_source("names");
      entrant.set_verdict(v1::WON);
      *response.mutable_report()->mutable_elapsed() =
          ToProto(std::chrono::milliseconds(4));
    }
    return grpc::Status::OK;
  }

  ProgramResult Run(std::vector<std::string> arguments,
                    const std::string& input = "") {
    std::vector<std::string> argv = {FRONTRUNNER_COMMAND};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunProgram(argv, input,
                      {"FRONTRUNNER_ADDRESS=" + server_.address(),
                       "FRONTRUNNER_ADMIN_ADDRESS=" + server_.address()});
  }

  FakeLookupServer server_;
};

TEST_F(Command, AFoundValueIsPrintedAndExitsWith0) {
  const auto result = Run({"lookup", "unicode", "flag"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "CHEQUERED FLAG\n");
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_EQ(server_.last_lookup().table(), "unicode");
}

TEST_F(Command, NotFoundExitsWith1) {
  const auto result = Run({"lookup", "unicode", "none"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(result.err,
            "frontrunner: none: NOT_FOUND (ALL_SOURCES_FAILED): nobody has "
            "it\n");
}

TEST_F(Command, AFailureExitsWith3) {
  const auto result = Run({"lookup", "unicode", "broken"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, HasSubstr("UNAVAILABLE (ALL_SOURCES_FAILED)"));
}

TEST_F(Command, NobodyListeningExitsWith3) {
  const auto result =
      Run({"lookup", "unicode", "k", "--address", "127.0.0.1:1"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("frontrunner: k: UNAVAILABLE: "));
}

TEST_F(Command, WrongUsageExitsWith2) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {},
           {"fetch"},
           {"lookup"},
           {"lookup", "unicode"},
           {"lookup", "\xff", "k"},
           {"lookup", "unicode", "k", "--deadline", "soon"},
           {"lookup", "unicode", "k", "--bypass", "--only"},
           {"lookup", "unicode", "a", "b", "--raw"},
           {"lookup", "unicode", "--keys-from", "/nowhere"},
           {"put", "unicode", "k"},
           {"put", "unicode", "k", "v", "--ttl", "0s"},
           {"put", "unicode", "k", "v", "--value-from", "-"},
           {"forget", "unicode"},
           {"forget", "unicode", "a", "b"},
           {"tables", "--nonsense"}}) {
    const auto result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, testing::Not(IsEmpty()));
  }
  EXPECT_THAT(server_.events(), IsEmpty());
}

TEST_F(Command, HelpTellsTheExitCodesAndExitsWith0) {
  const auto result = Run({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("0 found (done), 1 not found, 2 wrong"));
  EXPECT_THAT(Run({"lookup", "--help"}).out, HasSubstr("\"valueText\""));
}

TEST_F(Command, IntoAPipeAValueGoesAsItIs) {
  EXPECT_EQ(Run({"lookup", "unicode", "odd"}).out, "a\x1b\n\xff\n");
  EXPECT_EQ(Run({"lookup", "unicode", "odd", "--raw"}).out, "a\x1b\n\xff");
  EXPECT_EQ(Run({"lookup", "unicode", "odd", "--ascii"}).out,
            "a\\x1b\\n\\xff\n");
}

TEST_F(Command, SeveralKeysAreOneBatchWithALineEach) {
  const auto result = Run({"lookup", "unicode", "flag", "odd"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "odd\ta\\x1b\\n\\xff\nflag\tCHEQUERED FLAG\n");
  EXPECT_THAT(server_.events(), testing::ElementsAre("BatchLookup"));
}

TEST_F(Command, OfSeveralKeysTheWorstExits) {
  EXPECT_EQ(Run({"lookup", "unicode", "flag", "none"}).exit_code, 1);
  EXPECT_EQ(Run({"lookup", "unicode", "broken", "none", "flag"}).exit_code, 3);
}

TEST_F(Command, KeysComeFromAFileToo) {
  const auto result =
      Run({"lookup", "unicode", "flag", "--keys-from", "-"}, "odd\n\nflag\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 3);
}

TEST_F(Command, ABatchThatIsRefusedIsTold) {
  server_.batch = [](int, const auto&, auto&) {
    return ToGrpc({.code = absl::StatusCode::kInvalidArgument,
                   .message = "no such table",
                   .reason = "UNKNOWN_TABLE"});
  };
  const auto result = Run({"lookup", "unicode", "a", "b"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err,
            "frontrunner: INVALID_ARGUMENT (UNKNOWN_TABLE): no such table\n");
}

TEST_F(Command, TheReportIsDrawnWithoutColourIntoAPipe) {
  const auto result = Run({"lookup", "unicode", "flag", "--report"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "unicode flag → CHEQUERED FLAG      names won in 4.0 ms\n"
            "  names  ▏▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆ won 4.0\n");
  EXPECT_THAT(Run({"lookup", "unicode", "flag", "--report", "--ascii"}).out,
              HasSubstr("unicode flag -> CHEQUERED FLAG"));
}

TEST_F(Command, ColoursCanBeAskedFor) {
  EXPECT_THAT(
      Run({"lookup", "unicode", "flag", "--report", "--color=always"}).out,
      HasSubstr("\x1b[32m"));
  EXPECT_EQ(Run({"lookup", "unicode", "k", "--color=often"}).exit_code, 2);
}

TEST_F(Command, JsonIsALinePerKeyAndTheExitCodeStays) {
  const auto found = Run({"lookup", "unicode", "flag", "--json"});
  EXPECT_EQ(found.exit_code, 0);
  EXPECT_EQ(found.out,
            R"({"key":"ZmxhZw==","keyText":"flag","found":{)"
            R"("valueText":"CHEQUERED FLAG","value":"Q0hFUVVFUkVEIEZMQUc=",)"
            R"("source":"names","stale":false}})"
            "\n");
  const auto missed = Run({"lookup", "unicode", "none", "--json"});
  EXPECT_EQ(missed.exit_code, 1);
  EXPECT_THAT(missed.out, HasSubstr(R"("failed":{"code":5,)"));
  EXPECT_THAT(missed.err, IsEmpty());
}

TEST_F(Command, OptionsReachTheServer) {
  Run({"lookup", "unicode", "flag", "--bypass", "--wait", "--priority", "-3",
       "--deadline", "30s"});
  const auto request = server_.last_lookup();
  EXPECT_EQ(request.cache_policy(), v1::BYPASS);
  EXPECT_TRUE(request.wait_for_value());
  EXPECT_EQ(request.priority(), -3);
  EXPECT_FALSE(request.include_report());
  EXPECT_GT(server_.last_deadline(), std::chrono::seconds(15));
  EXPECT_LE(server_.last_deadline(), std::chrono::seconds(30));
  Run({"lookup", "unicode", "flag", "--only"});
  EXPECT_EQ(server_.last_lookup().cache_policy(), v1::ONLY);
}

TEST_F(Command, PutAndForgetReachTheServer) {
  std::vector<std::string> seen;
  server_.put = [&](int, const v1::PutRequest& request, auto&) {
    seen.push_back(
        request.table() + "/" + request.key() + "=" + request.value() + " " +
        (request.has_ttl() ? std::to_string(request.ttl().seconds()) + "s"
                           : "for ever"));
    return grpc::Status::OK;
  };
  server_.forget = [&](int, const v1::ForgetRequest& request, auto&) {
    seen.push_back("-" + request.key());
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"put", "t", "k", "v"}).exit_code, 0);
  EXPECT_EQ(Run({"put", "t", "k", "", "--ttl", "2m"}).exit_code, 0);
  EXPECT_EQ(Run({"put", "t", "k", "--value-from", "-"}, "a\nb\n").exit_code, 0);
  const auto forgotten = Run({"forget", "t", "k", "--json"});
  EXPECT_EQ(forgotten.exit_code, 0);
  EXPECT_EQ(forgotten.out, "{}\n");
  EXPECT_THAT(seen, testing::ElementsAre("t/k=v for ever", "t/k= 120s",
                                         "t/k=a\nb\n for ever", "-k"));
}

TEST_F(Command, AFailedPutExitsWith3) {
  server_.put = [](int, const auto&, auto&) {
    return ToGrpc(
        {.message = "redis did not confirm", .reason = "CACHES_FAILED"});
  };
  const auto result = Run({"put", "t", "k", "v"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err,
            "frontrunner: k: UNAVAILABLE (CACHES_FAILED): redis did not "
            "confirm\n");
}

TEST_F(Command, TablesAndSourcesAreListed) {
  server_.tables.add_tables()->set_name("unicode");
  server_.sources.add_sources()->set_name("names");
  const auto tables = Run({"tables"});
  EXPECT_EQ(tables.exit_code, 0);
  EXPECT_THAT(tables.out, HasSubstr("unicode"));
  EXPECT_THAT(Run({"sources"}).out, HasSubstr("names"));
  EXPECT_THAT(Run({"sources", "--json"}).out,
              HasSubstr(R"({"sources":[{"name":"names",)"));
  EXPECT_EQ(Run({"tables", "--admin-address", "127.0.0.1:1"}).exit_code, 3);
}

TEST_F(Command, AFullDiskIsNotSuccess) {
  const auto result = RunProgram({"/bin/sh", "-c",
                                  std::string(FRONTRUNNER_COMMAND) +
                                      " lookup unicode flag --address " +
                                      server_.address() + " > /dev/full"});
  EXPECT_EQ(result.exit_code, 3);
}

// The demo's backend as a process.
TEST(DemoBackendProgram, ItPrintsItsAddressServesAndSumsUp) {
  const auto result = RunProgram(
      {"/bin/sh", "-c",
       std::string(DEMO_BACKEND) +
           " --listen 127.0.0.1:0 --latency off > \"$0\" & backend=$!\n"
           "for i in $(seq 500); do\n"
           "  address=$(sed -n 's/^listening on \\([^ ]*\\) .*/\\1/p' \"$0\")\n"
           "  [ -n \"$address\" ] && break; sleep 0.02\n"
           "done\n" +
           FRONTRUNNER_COMMAND +
           " lookup unicode U+1F3C1 --address \"$address\"\n"
           "kill -TERM $backend; wait $backend; echo \"exit $?\"\n"
           "tail -n 1 \"$0\"; rm \"$0\"",
       testing::TempDir() + "demo_backend_" + std::to_string(getpid())});
  EXPECT_EQ(result.out,
            "CHEQUERED FLAG\nexit 0\n"
            "calls 1, underway 0, max_underway 1, cancelled 0, failed 0\n");
}

TEST(DemoBackendProgram, AMissingFileAndATakenPortAreTold) {
  const auto missing = RunProgram({DEMO_BACKEND, "--data", "/nowhere"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("cannot read /nowhere"));
  const FakeLookupServer taken;
  const auto refused = RunProgram({DEMO_BACKEND, "--listen", taken.address()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("cannot listen on " + taken.address()));
  EXPECT_EQ(RunProgram({DEMO_BACKEND, "--median", "soon"}).exit_code, 2);
}

}  // namespace
}  // namespace frontrunner
