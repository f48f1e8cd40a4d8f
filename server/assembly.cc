#include "server/assembly.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/config/proto_time.h"
#include "server/loop/event_loop.h"
#include "server/rpc/errors.h"
#include "server/rpc/grpc_server.h"
#include "server/rpc/in_flight.h"
#include "server/rpc/reflection.h"
#include "server/rpc/routes.h"
#include "server/rpc/serving_status.h"
#include "server/rpc/tables_directory.h"
#include "server/running_view.h"
#include "server/source_builder.h"
#include "server/tables/table.h"

namespace frontrunner {
namespace {

using ConfiguredTable = config::v1::Table;

size_t OnePerCore(uint32_t configured) {
  return configured > 0 ? configured
                        : std::max(1U, std::thread::hardware_concurrency());
}

StartRule ToStartRule(const config::v1::RaceEntry& entry) {
  if (!entry.has_start_after()) return {StartRule::kAtOnce, {}};
  if (entry.start_after().others_fail()) return {StartRule::kOthersFail, {}};
  return {StartRule::kAfter, config::ToDuration(entry.start_after().time())};
}

std::string InWords(const StartRule& rule) {
  switch (rule.kind) {
    case StartRule::kAtOnce:
      return "at once";
    case StartRule::kAfter:
      return absl::StrCat("after ",
                          absl::FormatDuration(absl::FromChrono(rule.after)));
    case StartRule::kOthersFail:
      break;
  }
  return "others_fail";
}

std::shared_ptr<const TableSettings> SettingsOf(
    const std::string& name, const ConfiguredTable& config,
    const config::v1::Limits& limits) {
  auto settings = std::make_shared<TableSettings>();
  settings->name = name;
  settings->version = config.version();
  settings->deadline = config::ToDuration(config.deadline());
  settings->max_wait = config::ToDuration(config.max_wait());
  if (config.has_write_back()) {
    settings->write_back = {
        .ttl = config::ToDuration(config.write_back().ttl()),
        .jitter = config.write_back().jitter()};
  }
  settings->coalesce = config.coalesce();
  settings->open_writes = config.open_writes();
  settings->max_waiters = limits.max_waiters();
  return settings;
}

Limits LimitsOf(const config::v1::Limits& config) {
  Limits limits;
  limits.max_key = config.max_key();
  limits.max_value = config.max_value();
  limits.max_batch = config.max_batch();
  limits.max_in_flight = config.max_in_flight();
  return limits;
}

/// Rule 13, from the sources of a table's entrants.
std::function<bool()> ServingRule(std::vector<const BuiltSource*> entrants) {
  const auto is_cache = [](const BuiltSource* source) {
    return source->is_cache;
  };
  if (!std::all_of(entrants.begin(), entrants.end(), is_cache)) {
    std::erase_if(entrants, is_cache);
  }
  return [entrants = std::move(entrants)] {
    return std::any_of(
        entrants.begin(), entrants.end(), [](const BuiltSource* source) {
          return source->connectivity() == Connectivity::kConnected;
        });
  };
}

}  // namespace

/// Everything the server is made of. What stands further down may use what
/// stands above it, and goes first.
struct Assembly::Parts {
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::unique_ptr<GrpcServer> data;
  std::unique_ptr<GrpcServer> admin;
  std::vector<std::string> listen;
  std::string admin_listen;

  std::vector<BuiltSource> sources;
  std::vector<std::unique_ptr<TableShard>> shards;

  Errors errors{{}};
  std::unique_ptr<InFlight> in_flight;
  std::unique_ptr<TablesDirectory> tables;
  std::unique_ptr<TablesServing> serving;
  std::unique_ptr<RunningView> view;
  std::unique_ptr<Routes> routes;
  std::vector<std::unique_ptr<ReflectionHandler>> reflections;
  bool serves = false;

  void MakeThreads(const config::v1::Config& config);
  absl::Status MakeSources(const config::v1::Config& config,
                           const FunctionRegistry& functions);
  void MakeTables(const config::v1::Config& config);
  std::shared_ptr<const Table> MakeTable(const std::string& name,
                                         const ConfiguredTable& config,
                                         const config::v1::Limits& limits,
                                         std::vector<EntrantView>& entrants);
  void MakeHandlers(const config::v1::Config& config,
                    std::vector<RunningView::TableEntry> entries);
  const BuiltSource& SourceNamed(const std::string& name) const;
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
      .max_message = config.limits().max_message()});
  admin = std::make_unique<GrpcServer>(GrpcServer::Settings{
      .listen = {admin_listen}, .edge_threads = 1, .channelz = true});
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

const BuiltSource& Assembly::Parts::SourceNamed(const std::string& name) const {
  // The configuration was checked: it is there.
  return *std::find_if(
      sources.begin(), sources.end(),
      [&name](const BuiltSource& source) { return source.name == name; });
}

std::shared_ptr<const Table> Assembly::Parts::MakeTable(
    const std::string& name, const ConfiguredTable& config,
    const config::v1::Limits& limits, std::vector<EntrantView>& entrants) {
  Table::Parts parts;
  parts.settings = SettingsOf(name, config, limits);
  parts.counters = std::make_shared<TableCounters>();
  std::vector<const BuiltSource*> raced;
  std::vector<Entrant> rules;  // without their sources, which loops have
  for (const auto& entry : config.race()) {
    const BuiltSource& source = SourceNamed(entry.source());
    raced.push_back(&source);
    Entrant& rule = rules.emplace_back();
    rule.start = ToStartRule(entry);
    rule.is_cache = source.is_cache;
    EntrantView& seen = entrants.emplace_back();
    seen.source = source.name;
    seen.start = InWords(rule.start);
    for (const int code : entry.final_codes()) {
      rule.final_codes.set(static_cast<size_t>(code));
      seen.final_codes.emplace_back(
          CodeName(static_cast<absl::StatusCode>(code)));
    }
    const std::shared_ptr<Source>& find = source.on_loop.front().find;
    if (rule.start.kind == StartRule::kAtOnce && find->peekable()) {
      parts.peekable.push_back({raced.size() - 1, find});
    }
    parts.entrant_names.push_back(source.name);
  }
  std::random_device seed;
  for (size_t i = 0; i < loops.size(); ++i) {
    TableShardParts shard;
    shard.settings = parts.settings;
    shard.counters = parts.counters;
    shard.seed = (uint64_t{seed()} << 32) | seed();
    shard.entrants = rules;
    for (size_t entrant = 0; entrant < raced.size(); ++entrant) {
      const Cache& cache = raced[entrant]->on_loop[i];
      shard.entrants[entrant].source = cache.find;
      if (cache.store) {
        shard.caches.push_back({raced[entrant]->name, entrant, cache});
      }
    }
    shards.push_back(MakeTableShard(*loops[i], std::move(shard)));
    parts.shards.push_back(shards.back().get());
  }
  parts.serving = ServingRule(std::move(raced));
  return std::make_shared<const Table>(std::move(parts));
}

void Assembly::Parts::MakeTables(const config::v1::Config& config) {
  std::vector<RunningView::TableEntry> entries;
  std::vector<std::shared_ptr<const Table>> all;
  for (const auto& [name, table] : config.tables()) {
    RunningView::TableEntry& entry = entries.emplace_back();
    entry.table = MakeTable(name, table, config.limits(), entry.entrants);
    all.push_back(entry.table);
  }
  tables = std::make_unique<TablesDirectory>(std::move(all));
  MakeHandlers(config, std::move(entries));
}

void Assembly::Parts::MakeHandlers(
    const config::v1::Config& config,
    std::vector<RunningView::TableEntry> entries) {
  in_flight = std::make_unique<InFlight>(config.limits().max_in_flight());
  serving = std::make_unique<TablesServing>(*tables);
  view = std::make_unique<RunningView>(std::move(entries), sources);
  routes = std::make_unique<Routes>(
      Routes::Parts{.handlers = {.tables = tables.get(),
                                 .errors = &errors,
                                 .in_flight = in_flight.get(),
                                 .limits = LimitsOf(config.limits())},
                    .status = serving.get(),
                    .admin = view.get()});
}

bool Assembly::Parts::Stop(TimePoint deadline) {
  if (!serves) return true;
  serves = false;
  routes->health().EndWatches();
  for (const auto& reflection : reflections) reflection->EndStreams();
  const bool data_ended = data->Shutdown(deadline).ok();
  const bool admin_ended = admin->Shutdown(deadline).ok();
  return data_ended && admin_ended;
}

Assembly::Assembly(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Assembly>> Assembly::Build(
    const config::v1::Config& config, const FunctionRegistry& functions) {
  // Whole from the start, so that its destructor tidies up what was built.
  std::unique_ptr<Assembly> assembly(new Assembly(std::make_unique<Parts>()));
  Parts& parts = *assembly->parts_;
  parts.MakeThreads(config);
  if (absl::Status status = parts.MakeSources(config, functions);
      !status.ok()) {
    return status;
  }
  parts.MakeTables(config);
  for (const auto& loop : parts.loops) loop->Start();
  return assembly;
}

Assembly::~Assembly() {
  Parts& parts = *parts_;
  if (parts.routes) parts.Stop(std::chrono::steady_clock::now());
  // Nothing runs on the loops any more, so what lived on them can go here.
  for (const auto& loop : parts.loops) loop->Stop();
  for (const auto& loop : parts.loops) loop->Join();
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
  if (absl::Status status = parts.data->Start(std::move(data)); !status.ok()) {
    return status;
  }
  return parts.admin->Start(std::move(admin));
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

void Assembly::RefreshHealth() { parts_->routes->health().Refresh(); }

bool Assembly::Drain(Duration lame_duck, Duration grace) {
  Parts& parts = *parts_;
  parts.serving->Stop();
  RefreshHealth();
  std::this_thread::sleep_for(lame_duck);

  const TimePoint deadline = std::chrono::steady_clock::now() + grace;
  parts.in_flight->StartDraining();
  for (const auto& shard : parts.shards) {
    shard->loop().Post([shard = shard.get()] { shard->Drain(); });
  }
  // Shared, since the last call may end when nobody waits here any more.
  struct Outstanding {
    std::mutex mutex;
    std::condition_variable changed;
    bool none = false;
  };
  const auto outstanding = std::make_shared<Outstanding>();
  parts.in_flight->WhenEmpty([outstanding] {
    const std::lock_guard lock(outstanding->mutex);
    outstanding->none = true;
    outstanding->changed.notify_all();
  });
  bool answered = false;
  {
    std::unique_lock lock(outstanding->mutex);
    answered = outstanding->changed.wait_until(
        lock, deadline, [&outstanding] { return outstanding->none; });
  }
  return parts.Stop(deadline) && answered;
}

}  // namespace frontrunner
