// frontrunnerd: flags → configuration → Assemble → serve → drain.

#include <event2/event.h>
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "server/assembly.h"
#include "server/config/config.h"
#include "server/config/proto_time.h"
#include "server/notify/heartbeat.h"
#include "server/signals.h"
#include "server/sources/computation/function.h"
#include "server/watchdog.h"

namespace frontrunner {
namespace {

constexpr Duration kHealthPeriod = std::chrono::milliseconds(250);

/// For people and scripts that started us: what goes to stdout is complete.
void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

int Fail(const std::string& why) {
  std::fprintf(stderr, "frontrunnerd: %s\n", why.c_str());
  return 1;
}

/// Longer than the grace limit: nothing that goes right gets near it.
constexpr Duration kWatchdogMargin = std::chrono::seconds(5);

/// Drains and takes the server apart while listening for a second signal, which
/// ends the process at once. `began` is what Signals said. A wish is no signal:
/// the service manager's SIGTERM after it shall not cut what is under way.
/// Nothing in here may hang: what comes in is code of others (plugins) and of
/// libraries.
int DrainAndExit(std::unique_ptr<Assembly> assembly, int began,
                 Signals& signals, Heartbeat& heartbeat,
                 const config::v1::Drain& config) {
  const Duration lame_duck = config::ToDuration(config.lame_duck());
  const Duration grace = config::ToDuration(config.grace());
  heartbeat.Stopping(lame_duck + grace + 2 * kWatchdogMargin);
  // Never disarmed: the end of the process runs others' code too.
  static_cast<void>(new Watchdog(lame_duck + grace + kWatchdogMargin, [] {
    Say("drain hangs: exiting without it");
    std::_Exit(1);
  }));
  std::atomic<bool> ended{false};
  bool all_answered = false;
  std::thread drain([&] {
    all_answered = assembly->Drain(lame_duck, grace);
    assembly = nullptr;
    ended = true;
  });
  bool signalled = began != Signals::kWished;
  for (int turn = 0; !ended; ++turn) {
    // What may hang from here on is our own watchdog's business.
    if (turn % 10 == 0) {
      heartbeat.Beat(true, std::chrono::steady_clock::now());
    }
    const auto signal = signals.Wait(std::chrono::milliseconds(20));
    if (!signal || *signal == Signals::kWished) continue;
    if (signalled) {
      Say("second signal: exiting at once");
      std::_Exit(1);
    }
    signalled = true;
    Say("already draining: the next signal ends it at once");
  }
  drain.join();
  Say(all_answered ? "drained: everything was answered"
                   : "drained: the grace limit cancelled what was left");
  return all_answered ? 0 : 1;
}

int Serve(const config::v1::Config& config) {
  Signals signals;
  const auto log = [](std::string_view line) { Say(std::string(line)); };
  Heartbeat heartbeat(
      {.manager = ServiceManager::FromEnvironment(getpid()), .log = log});
  // To compute with a function of your own that is linked in, add it here.
  const FunctionRegistry functions;
  auto built =
      Assembly::Build(config, {.functions = &functions,
                               .drain = [&signals] { signals.EndWished(); },
                               .log = log});
  if (!built.ok()) return Fail(std::string(built.status().message()));
  std::unique_ptr<Assembly> assembly = *std::move(built);
  Say("http on " + assembly->http_address());
  if (absl::Status status = assembly->Serve(); !status.ok()) {
    return Fail(std::string(status.message()));
  }
  for (const std::string& address : assembly->addresses()) {
    Say("listening on " + address);
  }
  Say("admin on " + assembly->admin_address());
  heartbeat.Ready("serving on " + assembly->addresses().front(),
                  std::chrono::steady_clock::now());
  std::optional<int> began;
  while (!(began = signals.Wait(heartbeat.period(kHealthPeriod)))) {
    assembly->RefreshHealth();
    heartbeat.Beat(assembly->ThreadsAnswered(),
                   std::chrono::steady_clock::now());
  }
  Say("draining");
  return DrainAndExit(std::move(assembly), *began, signals, heartbeat,
                      config.drain());
}

int Main(int argc, char** argv) {
  // Or whoever sends bytes that are no message, or no HTTP, writes to our log.
  google::protobuf::SetLogHandler(nullptr);
  event_set_log_callback([](int severity, const char* what) {
    if (severity == EVENT_LOG_ERR) Fail(what);
  });
  CLI::App app{
      "Answers lookups by gRPC with whoever answers first: caches, backends, "
      "computations.",
      "frontrunnerd"};
  std::string path;
  bool check = false;
  app.add_option("--config", path, "The configuration file (YAML)")->required();
  app.add_flag("--check", check,
               "Check the configuration, print every mistake, and exit");
  app.set_version_flag("--version", FRONTRUNNER_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const LoadedConfig loaded = LoadConfig(path);
  if (!loaded.ok()) {
    std::fputs(loaded.Explain().c_str(), stderr);
    return 1;
  }
  if (check) {
    Say(path + ": the configuration is good");
    return 0;
  }
  return Serve(loaded.config);
}

}  // namespace
}  // namespace frontrunner

int main(int argc, char** argv) { return frontrunner::Main(argc, argv); }
