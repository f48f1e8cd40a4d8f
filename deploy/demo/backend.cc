// frontrunner_demo_backend: a remote backend for the demo and for tests.
#include <grpcpp/server_builder.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>

#include "absl/time/time.h"
#include "deploy/demo/backend_service.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner::demo {
namespace {

struct Flags {
  std::string listen = "127.0.0.1:50051";
  std::string data = "/usr/share/unicode/UnicodeData.txt";
  BackendService::Settings service;
};

// A CLI11 check and conversion in one: "4ms".
CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         std::chrono::nanoseconds& target,
                         const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            absl::Duration duration;
            if (!absl::ParseDuration(Absl(text), &duration) ||
                duration < absl::ZeroDuration() || duration > absl::Hours(1)) {
              throw CLI::ValidationError(
                  text + " is not a duration such as 4ms, up to 1h");
            }
            target = absl::ToChronoNanoseconds(duration);
          },
          help)
      ->type_name("DURATION");
}

void AddOptions(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen,
                 "HOST:PORT or unix:PATH; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--data", flags.data, "Where UnicodeData.txt is")
      ->capture_default_str();
  Latency::Settings& latency = flags.service.latency;
  app.add_option("--seed", latency.seed, "Seed of the latencies")
      ->capture_default_str();
  AddDuration(app, "--median", latency.median, "Median latency (4ms)");
  app.add_option("--slow-ratio", latency.slow_ratio,
                 "Share of calls that are ten or more times slower")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--latency",
         [&latency](const std::string& text) {
           latency.enabled = text == "on";
         },
         "off: answer at once")
      ->check(CLI::IsMember({"on", "off"}));
  app.add_option_function<std::string>(
         "--fail-code",
         [&flags](const std::string& name) {
           const auto code = CodeFromName(name);
           if (!code || *code == absl::StatusCode::kOk) {
             throw CLI::ValidationError(
                 "--fail-code",
                 name + " is not a failure's code such as UNAVAILABLE");
           }
           flags.service.fail_code = *code;
         },
         "Fail with this code, for tests")
      ->type_name("CODE");
  app.add_option("--fail-every", flags.service.fail_every,
                 "With --fail-code: only every Nth lookup fails")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
}

std::string BoundAddress(const std::string& listen, int port) {
  if (listen.starts_with("unix:")) return listen;
  return listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
}

int Serve(const Flags& flags, const sigset_t& stop_signals) {
  auto names = NamesTable::FromFile(flags.data);
  if (!names.ok()) {
    std::cerr << "frontrunner_demo_backend: " << names.status().message()
              << "\n";
    return 1;
  }
  BackendService service(*names, flags.service);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(flags.listen, grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "frontrunner_demo_backend: cannot listen on " << flags.listen
              << "\n";
    return 1;
  }
  std::cout << "listening on " << BoundAddress(flags.listen, port) << " with "
            << names->size() << " names" << std::endl;
  int signal = 0;
  sigwait(&stop_signals, &signal);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  server->Wait();
  std::cout << service.Summary() << std::endl;
  return 0;
}

}  // namespace
}  // namespace frontrunner::demo

int main(int argc, char** argv) {
  // Blocked before any thread begins, so that only sigwait sees them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  CLI::App app(
      "A backend for Frontrunner's demo: LookupService over UnicodeData.txt.\n"
      "Prints 'listening on ADDRESS …' when it is ready, and what it has seen\n"
      "when SIGTERM or SIGINT ends it. Table 'unicode', key 'U+1F3C1'; table\n"
      "'_stats', keys 'calls', 'underway', 'max_underway', 'cancelled' and\n"
      "'failed'.");
  frontrunner::demo::Flags flags;
  frontrunner::demo::AddOptions(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return frontrunner::demo::Serve(flags, stop_signals);
}
