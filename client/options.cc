#include "client/options.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>
#include <utility>

#include "client/option_parts.h"
#include "client/text.h"

namespace frontrunner {
namespace {

constexpr char kFooter[] =
    R"(Exit codes: 0 found (done), 1 not found, 2 wrong usage, 3 failed; for
several keys the highest of theirs.)";

constexpr char kLookupFooter[] =
    R"(Prints the value and a line feed: as it is, or, on a terminal, with what a
terminal would not show as escapes. Failures go to standard error.

Several keys are asked in one batch and printed as they are answered, a line
each: key, tab, value, both escaped (\n, \t, \\, \xff, \u{202e}). With --report
or --wait they are asked one after the other.

--json prints an object per key and line, failures too, in protobuf's JSON
mapping of BatchLookupResponse: "key" in base64, and "found" (a LookupResponse,
its "value" in base64, with --report its "report") or "failed" (a
google.rpc.Status with its details; the code is a number). Beside them "keyText"
and "valueText" say the same as text where it is UTF-8. Durations are "0.0041s".
A batch that ended early has a last line with "failed" and without "key".)";

constexpr char kWriteFooter[] =
    R"(Done when every cache of the table has confirmed. --json prints {}, or
{"failed": ...} with a google.rpc.Status.)";

// What the parse fills beside the Options themselves.
struct Extra {
  bool bypass = false;
  bool only = false;
  std::string keys_from;
  std::string value_from;
  // Of put and forget.
  std::string key;
};

void AddGlobal(CLI::App& app, Options& options) {
  app.add_option("--address", options.address,
                 "The server's lookups: HOST:PORT or unix:PATH")
      ->envname("FRONTRUNNER_ADDRESS")
      ->capture_default_str();
  app.add_option("--admin-address", options.admin_address,
                 "The server's AdminService: HOST:PORT or unix:PATH")
      ->envname("FRONTRUNNER_ADMIN_ADDRESS")
      ->capture_default_str();
  AddDuration(
      app, "--deadline", options.deadline,
      "How long to wait in all. Where not given: 10s for a call, 1m for "
      "several keys, 70s for lookup --wait, 5m for drain --wait");
  app.add_flag("--json", options.json, "Print JSON");
}

CLI::App* AddLookup(CLI::App& app, Options& options, Extra& extra) {
  auto* lookup = app.add_subcommand("lookup", "Look keys up in a table");
  AddTable(*lookup, options.table);
  lookup->add_option("key", options.keys, "What to look up")->type_name("");
  lookup
      ->add_option("--keys-from", extra.keys_from,
                   "Read further keys from a file, one per line; '-' is "
                   "standard input")
      ->type_name("FILE");
  lookup->add_flag("--report", options.report,
                   "Draw the race: who was asked, when, and how it ended");
  lookup->add_flag("--ascii", options.ascii,
                   "Draw and print with nothing but ASCII");
  lookup
      ->add_option_function<std::string>(
          "--color",
          [&options](const std::string& when) {
            options.colour = when == "always"  ? Options::Colour::kOn
                             : when == "never" ? Options::Colour::kOff
                                               : Options::Colour::kAuto;
          },
          "Draw with colours; auto: on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  auto* raw = lookup->add_flag("--raw", options.raw,
                               "Print the value's bytes and nothing else");
  raw->excludes("--report");
  lookup->add_flag("--wait", options.wait,
                   "Where nobody has it, wait until somebody puts it");
  auto* bypass = lookup->add_flag("--bypass", extra.bypass,
                                  "Don't ask caches; still store there");
  lookup->add_flag("--only", extra.only, "Ask nobody but caches")
      ->excludes(bypass);
  lookup
      ->add_option("--priority", options.priority,
                   "In the server's queues the lower number goes first")
      ->type_name("NUMBER");
  lookup->footer(kLookupFooter);
  return lookup;
}

CLI::App* AddPut(CLI::App& app, Options& options, Extra& extra) {
  auto* put = app.add_subcommand(
      "put", "Store a value in a table's caches, and give it to who waits");
  AddTable(*put, options.table);
  put->add_option("key", extra.key, "Where to store it")
      ->type_name("")
      ->required();
  put->add_option("value", options.value, "What to store")->type_name("");
  put->add_option("--value-from", extra.value_from,
                  "Read the value from a file, every byte of it; '-' is "
                  "standard input")
      ->type_name("FILE")
      ->excludes("value");
  AddDuration(*put, "--ttl", options.ttl,
              "How long caches may keep it; the table's where not given");
  put->footer(kWriteFooter);
  return put;
}

CLI::App* AddForget(CLI::App& app, Options& options, Extra& extra) {
  auto* forget =
      app.add_subcommand("forget", "Remove a key from a table's caches");
  AddTable(*forget, options.table);
  forget->add_option("key", extra.key, "What to remove")
      ->type_name("")
      ->required();
  forget->footer(kWriteFooter);
  return forget;
}

// All of a file, or of standard input.
std::string ReadAll(const std::string& option, const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) {
      throw CLI::ValidationError(option,
                                 "cannot read '" + Printable(path) + "'");
    }
  }
  std::istream& from = path == "-" ? std::cin : file;
  return {std::istreambuf_iterator<char>(from), {}};
}

void AppendLines(const std::string& text, std::vector<std::string>& lines) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void CheckLookup(Options& options, const Extra& extra) {
  if (!extra.keys_from.empty()) {
    AppendLines(ReadAll("--keys-from", extra.keys_from), options.keys);
  }
  if (options.keys.empty()) throw CLI::RequiredError("key");
  if (options.raw && (options.keys.size() > 1 || options.json)) {
    throw CLI::ValidationError("--raw", "is for one key, without --json");
  }
  if (extra.bypass) options.cache_policy = v1::BYPASS;
  if (extra.only) options.cache_policy = v1::ONLY;
}

}  // namespace

std::variant<Options, ExitCode> ParseOptions(int argc, const char* const* argv,
                                             std::ostream& out,
                                             std::ostream& err) {
  Options options;
  Extra extra;
  CLI::App app("Asks a Frontrunner server.", "frontrunner");
  app.set_version_flag("--version", FRONTRUNNER_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  AddGlobal(app, options);
  auto* lookup = AddLookup(app, options, extra);
  auto* put = AddPut(app, options, extra);
  auto* forget = AddForget(app, options, extra);
  auto* tables = AddTables(app, options.watch);
  auto* sources = AddSources(app, options.watch);
  auto* queue = AddQueue(app, options.queue, options.watch);
  auto* outstanding = AddOutstanding(app, options.admin, options.watch);
  auto* prefetch = AddPrefetch(app, options.prefetch);
  auto* prefetches = AddPrefetches(app, options.prefetch, options.watch);
  AddDrain(app, options.admin);
  try {
    app.parse(argc, argv);
    if (*lookup) {
      CheckLookup(options, extra);
    } else if (*put) {
      options.command = Options::Command::kPut;
      options.keys = {extra.key};
      if (!extra.value_from.empty()) {
        options.value = ReadAll("--value-from", extra.value_from);
      } else if (put->get_option("value")->empty()) {
        throw CLI::RequiredError("value");
      }
    } else if (*forget) {
      options.command = Options::Command::kForget;
      options.keys = {extra.key};
    } else {
      options.command = *tables        ? Options::Command::kTables
                        : *sources     ? Options::Command::kSources
                        : *queue       ? Options::Command::kQueue
                        : *outstanding ? Options::Command::kOutstanding
                        : *prefetch || *prefetches ? Options::Command::kPrefetch
                                                   : Options::Command::kDrain;
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kFound : kUsage;
  }
  return options;
}

}  // namespace frontrunner
