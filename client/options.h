#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/admin_options.h"
#include "client/prefetch_options.h"
#include "client/queue_options.h"
#include "frontrunner/v1/lookup.pb.h"
#include "server/base/time.h"

namespace frontrunner {

/// The `frontrunner` command's exit codes. Where several keys are asked, the
/// highest.
enum ExitCode {
  kFound = 0,
  kNotFound = 1,
  kUsage = 2,
  kFailed = 3,
};

/// What the command line asks for.
struct Options {
  enum class Command {
    kLookup,
    kPut,
    kForget,
    kTables,
    kSources,
    kQueue,
    kOutstanding,
    kPrefetch,
    kDrain,
  };
  Command command = Command::kLookup;

  std::string address = "127.0.0.1:7979";
  std::string admin_address = "127.0.0.1:7981";
  /// Absent: the default of the command.
  std::optional<Duration> deadline;
  bool json = false;

  std::string table;
  /// At least one for lookup, exactly one for put and forget.
  std::vector<std::string> keys;

  // lookup
  bool report = false;
  bool ascii = false;
  bool raw = false;
  enum class Colour { kAuto, kOn, kOff };
  Colour colour = Colour::kAuto;
  bool wait = false;
  v1::CachePolicy cache_policy = v1::DEFAULT;
  int priority = 0;

  // put
  std::string value;
  std::optional<Duration> ttl;

  /// How often to show it again; absent: once. For tables, sources, queue list
  /// and show, outstanding, prefetches list.
  std::optional<Duration> watch;
  QueueOptions queue;
  AdminOptions admin;
  PrefetchOptions prefetch;
};

/// Reads the command line. An ExitCode where there is nothing to run: help was
/// asked for and printed to `out` (kFound), or there was a mistake, told on
/// `err` (kUsage).
std::variant<Options, ExitCode> ParseOptions(int argc, const char* const* argv,
                                             std::ostream& out,
                                             std::ostream& err);

}  // namespace frontrunner
