#include "server/assembly.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/admin/exposition.h"
#include "server/admin/http_port.h"
#include "server/admin/metrics.h"
#include "server/admin/readiness.h"
#include "server/config/config_yaml.h"
#include "server/config/proto_time.h"
#include "server/drain.h"
#include "server/loop/event_loop.h"
#include "server/notify/liveness.h"
#include "server/notify/thread_probe.h"
#include "server/prefetch/prefetches.h"
#include "server/rpc/errors.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/reflection.h"
#include "server/rpc/routes.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/tables_directory.h"
#include "server/running_view.h"
#include "server/source_builder.h"
#include "server/table_builder.h"
#include "server/tables/table.h"

namespace frontrunner {
namespace {

size_t OnePerCore(uint32_t configured) {
  return configured > 0 ? configured
                        : std::max(1U, std::thread::hardware_concurrency());
}

Limits LimitsOf(const config::v1::Limits& config) {
  Limits limits;
  limits.max_key = config.max_key();
  limits.max_value = config.max_value();
  limits.max_batch = config.max_batch();
  limits.max_in_flight = config.max_in_flight();
  return limits;
}

}  // namespace

/// Everything the server is made of. What stands further down may use what
/// stands above it, and goes first.
struct Assembly::Parts {
  std::function<void()> drain;
  std::function<void(std::string_view)> log;
  std::vector<std::unique_ptr<EventLoop>> loops;
  /// Null without a state_dir, like prefetches.
  std::unique_ptr<EventLoop> journal_loop;
  std::unique_ptr<GrpcServer> data;
  std::unique_ptr<GrpcServer> admin;
  std::vector<std::string> listen;
  std::string admin_listen;

  std::vector<BuiltSource> sources;
  std::vector<std::unique_ptr<TableShard>> shards;

  Errors errors{{}};
  std::unique_ptr<InFlight> in_flight;
  std::unique_ptr<TablesDirectory> tables;
  std::unique_ptr<Prefetches> prefetches;
  std::unique_ptr<TablesServing> serving;
  std::unique_ptr<RunningView> view;
  std::unique_ptr<ThreadProbe> probe;
  std::unique_ptr<Liveness> liveness;
  std::unique_ptr<Routes> routes;
  std::vector<std::unique_ptr<ReflectionHandler>> reflections;
  std::unique_ptr<Readiness> readiness;
  std::unique_ptr<HttpPort> http;
  bool serves = false;

  void MakeThreads(const config::v1::Config& config);
  absl::Status MakeSources(const config::v1::Config& config,
                           const FunctionRegistry& functions);
  void MakeTables(const config::v1::Config& config);
  absl::Status MakePrefetches(const config::v1::Config& config);
  void MakeHandlers(const config::v1::Config& config);
  void MakeHttpPort(const config::v1::Config& config);
  std::vector<std::shared_ptr<DispatchQueue>> Queues() const;
  /// False: something was cancelled at the deadline, or never ended.
  bool Stop(TimePoint deadline);
};

void Assembly::Parts::MakeThreads(const config::v1::Config& config) {
  const size_t loop_threads = OnePerCore(config.server().loop_threads());
  for (size_t i = 0; i < loop_threads; ++i) {
    loops.push_back(std::make_unique<EventLoop>(
        EventLoop::Settings{.name = absl::StrCat("loop-", i)}));
  }
  listen.assign(config.listen().begin(), config.listen().end());
  admin_listen = config.admin_listen();
  data = std::make_unique<GrpcServer>(GrpcServer::Settings{
      .listen = listen,
      .edge_threads =
          static_cast<int>(OnePerCore(config.server().edge_threads())),
      .max_message = config.limits().max_message(),
      .max_connection_age =
          config::ToDuration(config.server().max_connection_age()),
      .max_connection_age_grace =
          config::ToDuration(config.server().max_connection_age_grace())});
  admin = std::make_unique<GrpcServer>(
      GrpcServer::Settings{.listen = {admin_listen},
                           .edge_threads = 1,
                           .thread_name = "admin",
                           .channelz = true});
  std::vector<ThreadProbe::Ask> asks;
  for (const auto& loop : loops) {
    asks.emplace_back([loop = loop.get()](std::function<void()> task) {
      loop->Post(std::move(task));
    });
  }
  for (size_t i = 0; i < data->queues(); ++i) {
    // A queue that is closing never answers; nobody asks it then.
    asks.emplace_back([&queue = data->queue(i)](std::function<void()> task) {
      (void)queue.Post(std::move(task));
    });
  }
  probe = std::make_unique<ThreadProbe>(std::move(asks));
  liveness = std::make_unique<Liveness>(*loops.front());
}

absl::Status Assembly::Parts::MakeSources(const config::v1::Config& config,
                                          const FunctionRegistry& functions) {
  SourceBuilder::Settings settings;
  for (size_t i = 0; i < loops.size(); ++i) {
    settings.places.push_back(
        {loops[i].get(), &data->queue(i % data->queues())});
  }
  settings.max_value = config.limits().max_value();
  settings.functions = &functions;
  const SourceBuilder builder(std::move(settings));
  for (const auto& [name, source] : config.sources()) {
    auto built = builder.Build(name, source);
    if (!built.ok()) return built.status();
    sources.push_back(*std::move(built));
  }
  return absl::OkStatus();
}

void Assembly::Parts::MakeTables(const config::v1::Config& config) {
  std::vector<Loop*> on;
  for (const auto& loop : loops) on.push_back(loop.get());
  const TableBuilder builder(std::move(on), sources);
  std::vector<RunningView::TableEntry> entries;
  std::vector<std::shared_ptr<const Table>> all;
  for (const auto& [name, table] : config.tables()) {
    BuiltTable built = builder.Build(name, table, config.limits());
    for (auto& shard : built.shards) shards.push_back(std::move(shard));
    all.push_back(built.table);
    entries.push_back({std::move(built.table), std::move(built.entrants)});
  }
  tables = std::make_unique<TablesDirectory>(std::move(all));
  view = std::make_unique<RunningView>(std::move(entries), sources);
}

absl::Status Assembly::Parts::MakePrefetches(const config::v1::Config& config) {
  if (config.state_dir().empty()) return absl::OkStatus();
  journal_loop =
      std::make_unique<EventLoop>(EventLoop::Settings{.name = "journal"});
  auto opened = Prefetches::Open(
      {.state_dir = config.state_dir(),
       .concurrency = config.prefetch().concurrency(),
       .log = log},
      *journal_loop,
      [this](std::string_view name) { return tables->Find(name); });
  if (!opened.ok()) return opened.status();
  prefetches = *std::move(opened);
  return absl::OkStatus();
}

void Assembly::Parts::MakeHandlers(const config::v1::Config& config) {
  in_flight = std::make_unique<InFlight>(
      InFlight::Settings{.max = config.limits().max_in_flight(),
                         .high = config.outstanding().high(),
                         .low = config.outstanding().low()});
  serving = std::make_unique<TablesServing>(
      *tables, [this](std::string_view name) -> std::optional<bool> {
        for (const BuiltSource& source : sources) {
          if (source.name != name) continue;
          return source.weakest_connectivity() == Connectivity::kConnected;
        }
        return std::nullopt;
      });
  routes = std::make_unique<Routes>(
      Routes::Parts{.handlers = {.tables = tables.get(),
                                 .errors = &errors,
                                 .in_flight = in_flight.get(),
                                 .limits = LimitsOf(config.limits())},
                    .status = serving.get(),
                    .admin = view.get(),
                    .clock = loops.front().get(),
                    .queues = Queues(),
                    .prefetch = prefetches.get(),
                    .drain = drain});
}

std::vector<std::shared_ptr<DispatchQueue>> Assembly::Parts::Queues() const {
  std::vector<std::shared_ptr<DispatchQueue>> queues;
  for (const BuiltSource& source : sources) {
    if (source.queue) queues.push_back(source.queue);
  }
  return queues;
}

void Assembly::Parts::MakeHttpPort(const config::v1::Config& config) {
  readiness =
      std::make_unique<Readiness>(*serving, *tables, *in_flight, *liveness);
  HttpPort::Settings settings{.listen = config.http_listen()};
  const MetricsParts metrics{.readiness = readiness.get(),
                             .view = view.get(),
                             .in_flight = in_flight.get(),
                             .queues = Queues(),
                             .http = settings.counters};
  HttpPort::Pages pages;
  pages["/healthz"] = [this](const PageRequest&) {
    return LivenessPage(*liveness);
  };
  pages["/readyz"] = [this](const PageRequest& request) {
    return readiness->Page(request);
  };
  pages["/configz"] = [text = ConfigYaml(config)](const PageRequest&) {
    return PageReply{.body = text};
  };
  pages["/metrics"] = [metrics](const PageRequest&) {
    return PageReply{.content_type = std::string(Exposition::kContentType),
                     .body = MetricsText(metrics)};
  };
  http = std::make_unique<HttpPort>(std::move(settings), std::move(pages));
}

bool Assembly::Parts::Stop(TimePoint deadline) {
  if (!serves) return true;
  serves = false;
  routes->EndWatches();
  for (const auto& reflection : reflections) reflection->EndStreams();
  const bool data_ended = data->Shutdown(deadline).ok();
  const bool admin_ended = admin->Shutdown(deadline).ok();
  return data_ended && admin_ended;
}

Assembly::Assembly(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Assembly>> Assembly::Build(
    const config::v1::Config& config, Surroundings surroundings) {
  // Whole from the start, so that its destructor tidies up what was built.
  std::unique_ptr<Assembly> assembly(new Assembly(std::make_unique<Parts>()));
  Parts& parts = *assembly->parts_;
  parts.drain = std::move(surroundings.drain);
  parts.log = std::move(surroundings.log);
  parts.MakeThreads(config);
  if (absl::Status status = parts.MakeSources(config, *surroundings.functions);
      !status.ok()) {
    return status;
  }
  parts.MakeTables(config);
  if (absl::Status status = parts.MakePrefetches(config); !status.ok()) {
    return status;
  }
  parts.MakeHandlers(config);
  for (const auto& loop : parts.loops) loop->Start();
  if (parts.prefetches) {
    parts.journal_loop->Start();
    parts.prefetches->Start();
  }
  parts.MakeHttpPort(config);
  if (absl::Status status = parts.http->Start(); !status.ok()) return status;
  return assembly;
}

Assembly::~Assembly() {
  Parts& parts = *parts_;
  if (parts.routes) parts.Stop(std::chrono::steady_clock::now());
  // Nothing runs on the loops any more, so what lived on them can go here.
  for (const auto& loop : parts.loops) loop->Stop();
  for (const auto& loop : parts.loops) loop->Join();
  if (parts.journal_loop) {
    parts.journal_loop->Stop();
    parts.journal_loop->Join();
  }
  // Answers probes to the last.
  parts.http = nullptr;
  parts.prefetches = nullptr;
  parts.shards.clear();
  parts.tables = nullptr;
  parts.sources.clear();
  parts.data = nullptr;
  parts.admin = nullptr;
}

absl::Status Assembly::Serve() {
  Parts& parts = *parts_;
  std::vector<Route> data = parts.routes->data_port();
  std::vector<Route> admin = parts.routes->admin_port();
  for (std::vector<Route>* routes : {&data, &admin}) {
    ReflectionHandler& reflection = *parts.reflections.emplace_back(
        std::make_unique<ReflectionHandler>(*routes));
    for (Route& route : reflection.routes()) {
      routes->push_back(std::move(route));
    }
  }
  parts.serves = true;
  // Lookups come last: where the other port is taken, none has begun.
  absl::Status status = parts.admin->Start(std::move(admin));
  if (status.ok()) status = parts.data->Start(std::move(data));
  if (!status.ok()) return status;
  parts.liveness->Watch();
  parts.readiness->Started();
  return absl::OkStatus();
}

std::vector<std::string> Assembly::addresses() const {
  std::vector<std::string> addresses = parts_->listen;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const int port = parts_->data->ports()[i];
    if (port == 0) continue;
    std::string& address = addresses[i];
    address = absl::StrCat(address.substr(0, address.rfind(':') + 1), port);
  }
  return addresses;
}

std::string Assembly::admin_address() const {
  const std::string& address = parts_->admin_listen;
  const int port = parts_->admin->ports().front();
  if (port == 0) return address;
  return absl::StrCat(address.substr(0, address.rfind(':') + 1), port);
}

std::string Assembly::http_address() const { return parts_->http->address(); }

void Assembly::RefreshHealth() { parts_->routes->health().Refresh(); }

bool Assembly::ThreadsAnswered() {
  const bool answered = parts_->probe->Answered();
  if (answered) parts_->liveness->Answered();
  return answered;
}

bool Assembly::Drain(Duration lame_duck, Duration grace) {
  Parts& parts = *parts_;
  // From here on nobody asks the threads; this has limits of its own.
  parts.liveness->Rest();
  parts.serving->Stop();
  RefreshHealth();
  std::this_thread::sleep_for(lame_duck);

  const TimePoint deadline = std::chrono::steady_clock::now() + grace;
  const bool answered = DrainLookups({.in_flight = *parts.in_flight,
                                      .prefetches = parts.prefetches.get(),
                                      .queues = parts.Queues(),
                                      .shards = parts.shards},
                                     deadline);
  return parts.Stop(deadline) && answered;
}

}  // namespace frontrunner
