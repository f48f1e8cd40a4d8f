#include "client/prefetch_options.h"

#include <algorithm>
#include <limits>

#include "client/option_parts.h"
#include "client/text.h"

namespace frontrunner {
namespace {

using Verb = PrefetchOptions::Verb;

constexpr int64_t kMostInt32 = std::numeric_limits<int32_t>::max();
constexpr size_t kLongestId = 64;

constexpr char kPrefetchFooter[] =
    R"(Reads keys, one per line (empty ones are left out and counted), and sends
them to the server while reading. Those that the server has accepted are in its
journal and survive it; so once all are accepted the rest happens without this
command too. Until then, and while it looks on, the server may be away for up to
--patience. Where this command ends before all are accepted, the same one with
the same --id goes on: keys sent again are counted once.

Shows progress, on a terminal as a bar, else as a line now and then, and ends
with what was stored and, by code, what failed.

Exit codes: 0 all stored (with --detach: all accepted), 1 all stored but those
that nobody has (NOT_FOUND), 2 wrong usage, 3 others failed, were cancelled, or
the server was lost.

--json prints a line {"id", "accepted", "skipped"} when all keys are accepted,
then, without --detach, lines of PrefetchProgress in protobuf's JSON mapping
(64-bit numbers are strings), the last one "finished"; or {"failed": ...} with a
google.rpc.Status.)";

constexpr char kPrefetchesFooter[] =
    R"(Exit codes: 0 done, 1 no such prefetch, 2 wrong usage, 3 failed; of watch
those of prefetch.)";

CLI::Option* AddId(CLI::App& app, const std::string& name,
                   PrefetchOptions& options, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [&options, name](const std::string& text) {
            const bool fits = !text.empty() && text.size() <= kLongestId &&
                              std::all_of(text.begin(), text.end(), [](char c) {
                                return ('a' <= c && c <= 'z') ||
                                       ('A' <= c && c <= 'Z') ||
                                       ('0' <= c && c <= '9') || c == '-' ||
                                       c == '_' || c == '.';
                              });
            if (!fits) {
              throw CLI::ValidationError(
                  name, "'" + Printable(text, {.max_columns = 80}) +
                            "' is not an id: letters, digits, '-', '_' and "
                            "'.', up to 64");
            }
            options.id = text;
          },
          help)
      ->type_name("");
}

CLI::Option* AddPatience(CLI::App& app, PrefetchOptions& options) {
  return AddDuration(app, "--patience", options.patience,
                     "How long the server may be away in one piece; 60s where "
                     "not given");
}

CLI::App* AddVerb(CLI::App& prefetches, PrefetchOptions& options, Verb verb,
                  const std::string& name, const std::string& help) {
  auto* app = prefetches.add_subcommand(name, help);
  app->callback([&options, verb] { options.verb = verb; });
  app->footer(kAdminFooter);
  if (verb != Verb::kList) {
    AddId(*app, "id", options, "As prefetch said it")->required();
  }
  return app;
}

}  // namespace

CLI::App* AddPrefetch(CLI::App& app, PrefetchOptions& options) {
  auto* prefetch =
      app.add_subcommand("prefetch", "Fetch many keys into a table's caches");
  AddTable(*prefetch, options.table);
  prefetch
      ->add_option("file", options.file,
                   "Where the keys are; '-', or nothing, is standard input")
      ->type_name("");
  prefetch->add_flag("--null,-0", options.null,
                     "Keys end with NUL instead of a line feed");
  AddId(*prefetch, "--id", options,
        "What to call it, to go on with it or look at it later; a random one "
        "where not given")
      ->type_name("ID");
  AddNumber(*prefetch, "--priority", {"priority", -kMostInt32 - 1, kMostInt32},
            options.priority,
            "In the server's queues the lower number goes first; 100 where not "
            "given");
  AddNumber(*prefetch, "--chunk", {"number of keys", 1, 1'000'000},
            options.chunk,
            "Send so many keys at once, up to the server's limits.max_batch; "
            "1000 where not given");
  prefetch->add_flag("--detach", options.detach,
                     "Be done when the server has accepted all keys");
  AddPatience(*prefetch, options);
  prefetch->footer(kPrefetchFooter);
  return prefetch;
}

CLI::App* AddPrefetches(CLI::App& app, PrefetchOptions& options,
                        std::optional<Duration>& watch) {
  auto* prefetches =
      app.add_subcommand("prefetches", "Look at and cancel prefetches");
  prefetches->require_subcommand(1);
  prefetches->footer(kPrefetchesFooter);
  auto* list = AddVerb(*prefetches, options, Verb::kList, "list",
                       "List the prefetches, the latest first");
  AddWatch(*list, watch);
  list->footer(kWatchFooter);
  AddVerb(*prefetches, options, Verb::kShow, "show", "Tell how far one is");
  auto* follow = AddVerb(*prefetches, options, Verb::kWatch, "watch",
                         "Look on until one is finished, as prefetch does");
  AddPatience(*follow, options);
  AddVerb(*prefetches, options, Verb::kCancel, "cancel",
          "Forget its pending keys; those underway go on");
  return prefetches;
}

}  // namespace frontrunner
