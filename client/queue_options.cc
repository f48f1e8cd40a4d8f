#include "client/queue_options.h"

#include <limits>

#include "client/option_parts.h"

namespace frontrunner {
namespace {

using Verb = QueueOptions::Verb;

constexpr int64_t kMostInt32 = std::numeric_limits<int32_t>::max();
constexpr int64_t kMostInt64 = std::numeric_limits<int64_t>::max();

constexpr char kFooter[] =
    R"(A dispatch queue limits a source: each source with a `limit` has one, by its
name. Exit codes: 0 done, 1 no such queue or job, 2 wrong usage, 3 failed.)";

constexpr char kListFooter[] =
    R"(WIDTH is how many jobs may be underway at once, MOST how many may be pending,
LATE how many of those underway were cancelled and have not really ended. From
STARTED on they are counted since the server started.

)";

constexpr char kShowFooter[] =
    R"(Jobs are listed in the order in which they will start, have started, or have
ended (the latest first).

)";

CLI::App* AddVerb(CLI::App& queue, QueueOptions& options, Verb verb,
                  const std::string& name, const std::string& help) {
  auto* app = queue.add_subcommand(name, help);
  app->callback([&options, verb] { options.verb = verb; });
  app->footer(kAdminFooter);
  if (verb != Verb::kList) {
    AddName(*app, "queue", options.queue, "A queue: the name of its source");
  }
  return app;
}

CLI::Option* AddJob(CLI::App& app, QueueOptions& options) {
  return AddNumber(app, "job", {"job", 0, kMostInt64}, options.job,
                   "A job's number, as `queue show` lists it")
      ->required();
}

CLI::Option* AddWidth(CLI::App& app, QueueOptions& options,
                      const std::string& help) {
  return AddNumber(app, "width", {"width", 0, kMostInt32}, options.width, help);
}

}  // namespace

CLI::App* AddQueue(CLI::App& app, QueueOptions& options,
                   std::optional<Duration>& watch) {
  auto* queue =
      app.add_subcommand("queue", "Look at and steer what limits a source");
  queue->require_subcommand(1);
  queue->footer(kFooter);

  auto* list = AddVerb(*queue, options, Verb::kList, "list", "List the queues");
  AddWatch(*list, watch);
  list->footer(std::string(kListFooter) + kWatchFooter);

  auto* show =
      AddVerb(*queue, options, Verb::kShow, "show", "List a queue's jobs");
  AddNumber(*show, "--max", {"number of jobs", 1, 10'000}, options.max_jobs,
            "List so many of each kind at most; 100 where not given");
  AddWatch(*show, watch);
  show->footer(std::string(kShowFooter) + kWatchFooter);

  auto* width = AddVerb(*queue, options, Verb::kWidth, "width",
                        "Set how many jobs may be underway at once");
  AddWidth(*width, options,
           "0 holds everything. A narrower queue lets what is underway finish")
      ->required();

  AddVerb(*queue, options, Verb::kPause, "pause",
          "Start nothing until it is resumed; the width is kept");

  auto* resume =
      AddVerb(*queue, options, Verb::kResume, "resume", "Start jobs again");
  AddWidth(*resume, options, "A new width; as it was where not given");

  auto* cancel = AddVerb(*queue, options, Verb::kCancel, "cancel",
                         "End a pending or underway job with ABORTED");
  AddJob(*cancel, options);

  auto* priority = AddVerb(*queue, options, Verb::kPriority, "priority",
                           "Move a pending job up or down");
  AddJob(*priority, options);
  AddNumber(*priority, "priority", {"priority", -kMostInt32 - 1, kMostInt32},
            options.priority, "The lower number is started first")
      ->required();

  AddVerb(*queue, options, Verb::kClear, "clear", "Cancel every pending job");
  return queue;
}

}  // namespace frontrunner
