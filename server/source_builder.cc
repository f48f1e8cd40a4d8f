#include "server/source_builder.h"

#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/config/proto_time.h"
#include "server/net/address.h"
#include "server/sources/computation/computation_source.h"
#include "server/sources/computation/plugin.h"
#include "server/sources/computation/pool.h"
#include "server/sources/grpc/grpc_channel.h"
#include "server/sources/grpc/grpc_source.h"
#include "server/sources/http/http_source.h"
#include "server/sources/memcached/memcached.h"
#include "server/sources/memory/memory_source.h"
#include "server/sources/redis/redis.h"
#include "server/wrapper_settings.h"
#include "server/wrappers/guarded.h"
#include "server/wrappers/limit.h"
#include "server/wrappers/max_value.h"
#include "server/wrappers/measured.h"
#include "server/wrappers/ready.h"
#include "server/wrappers/retry.h"
#include "server/wrappers/timeout.h"

namespace frontrunner {
namespace {

constexpr uint16_t kRedisPort = 6379;
constexpr uint16_t kMemcachedPort = 11211;

SourceView::Counters CountersOf(const SourceStats& stats) {
  SourceView::Counters counters;
  counters.started = stats.started;
  counters.succeeded = stats.succeeded;
  counters.missed = stats.missed;
  counters.failed = stats.failures();
  counters.cancelled = stats.cancelled;
  counters.underway = stats.underway();
  counters.mean_latency = stats.mean_latency();
  counters.latency_sum = Duration(static_cast<int64_t>(stats.latency_sum));
  for (size_t code = 0; code < stats.failed.size(); ++code) {
    if (const uint64_t count = stats.failed[code]; count > 0) {
      counters.failures[std::string(
          CodeName(static_cast<absl::StatusCode>(code)))] = count;
    }
  }
  return counters;
}

/// Of a store that is looked into without being started.
SourceView::Counters CountersOf(const MemoryStats& stats) {
  SourceView::Counters counters;
  counters.started = stats.hits + stats.misses;
  counters.succeeded = stats.hits;
  counters.missed = stats.misses;
  return counters;
}

/// A file's content without the line end that editors leave.
absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string password{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't read the password_file ", path));
  }
  while (!password.empty() &&
         (password.back() == '\n' || password.back() == '\r')) {
    password.pop_back();
  }
  return password;
}

absl::Status Named(const std::string& source, const absl::Status& failure) {
  return absl::Status(failure.code(),
                      absl::StrCat("source ", source, ": ", failure.message()));
}

}  // namespace

Connectivity BuiltSource::best_connectivity() const {
  Connectivity best = Connectivity::kDisconnected;
  for (const Cache& cache : on_loop) {
    const Connectivity here = cache.find->connectivity();
    if (here == Connectivity::kConnected) return here;
    if (here == Connectivity::kOpening) best = here;
  }
  return best;
}

Connectivity BuiltSource::weakest_connectivity() const {
  Connectivity weakest = Connectivity::kConnected;
  for (const Cache& cache : on_loop) {
    const Connectivity here = cache.find->connectivity();
    if (here == Connectivity::kDisconnected) return here;
    if (here == Connectivity::kOpening) weakest = here;
  }
  return weakest;
}

absl::StatusOr<BuiltSource> SourceBuilder::Build(
    const std::string& name, const config::v1::Source& config) const {
  absl::StatusOr<Kind> kind = KindOf(name, config);
  if (!kind.ok()) return Named(name, kind.status());
  auto stats = std::make_shared<SourceStats>();
  BuiltSource built;
  built.name = name;
  built.kind = kind->name;
  built.is_cache = kind->is_cache;
  built.counters = kind->counters ? std::move(kind->counters)
                                  : [stats] { return CountersOf(*stats); };
  if (kind->is_backend || config.has_retry()) {
    built.budget = std::make_shared<RetryBudget>(BudgetSettings(config));
  }
  if (config.has_limit()) {
    built.queue = std::make_shared<DispatchQueue>(
        *settings_.places.front().loop, QueueSettings(name, config.limit()));
  }
  for (const LoopPlace& place : settings_.places) {
    absl::StatusOr<Cache> cache = kind->factory(place);
    if (!cache.ok()) return Named(name, cache.status());
    built.on_loop.push_back(
        Wrap(*std::move(cache), *place.loop, config, built, *kind, stats));
  }
  return built;
}

Cache SourceBuilder::Wrap(Cache cache, Loop& loop,
                          const config::v1::Source& config,
                          const BuiltSource& built, const Kind& kind,
                          const std::shared_ptr<SourceStats>& stats) const {
  const auto timed = [&](std::shared_ptr<Source> source) {
    if (!config.has_timeout() || kind.keeps_time) return source;
    return WithTimeout(loop, config::ToDuration(config.timeout()),
                       std::move(source));
  };
  const auto held = [&](std::shared_ptr<Source> source) {
    return WithReady(loop, settings_.max_held, std::move(source));
  };
  // Closest to every source, so that all around it may rely on the contract.
  for (auto* source : {&cache.find, &cache.store, &cache.erase}) {
    if (*source) *source = WithGuard(loop, std::move(*source));
  }
  cache.find = timed(WithMeasure(
      loop, stats, WithMaxValue(settings_.max_value, std::move(cache.find))));
  if (built.queue) cache.find = WithLimit(loop, built.queue, cache.find);
  cache.find = held(std::move(cache.find));
  if (config.has_retry()) {
    cache.find = WithRetry(loop, RetrySettingsOf(config.retry()), built.budget,
                           std::random_device()(), std::move(cache.find));
  }
  if (cache.store) cache.store = held(timed(std::move(cache.store)));
  if (cache.erase) cache.erase = held(timed(std::move(cache.erase)));
  return cache;
}

absl::StatusOr<SourceBuilder::Kind> SourceBuilder::KindOf(
    const std::string& name, const config::v1::Source& config) const {
  switch (config.kind_case()) {
    case config::v1::Source::kMemory:
      return Memory(name, config.memory());
    case config::v1::Source::kRedis:
      return Redis(name, config.redis());
    case config::v1::Source::kMemcached:
      return Memcached(name, config.memcached());
    case config::v1::Source::kGrpc:
      return Grpc(name, config);
    case config::v1::Source::kComputation:
      return Computation(name, config.computation());
    case config::v1::Source::kHttp:
      return Http(name, config);
    case config::v1::Source::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("is of no kind");
}

SourceBuilder::Kind SourceBuilder::Memory(
    const std::string& name, const config::v1::Memory& config) const {
  // One store for all loops: its time is that of any of them.
  const auto store = std::make_shared<MemoryStore>(
      *settings_.places.front().loop,
      MemoryStore::Settings{.capacity = config.capacity()});
  return {.name = "memory",
          .is_cache = true,
          .factory =
              [store, name](const LoopPlace& place) {
                return MakeMemoryCache(*place.loop, store, name);
              },
          .counters = [store] { return CountersOf(store->stats()); }};
}

absl::StatusOr<SourceBuilder::Kind> SourceBuilder::Redis(
    const std::string& name, const config::v1::Redis& config) const {
  RedisSettings settings;
  settings.name = name;
  auto address = ParseAddress(config.address(), kRedisPort);
  if (!address.ok()) return address.status();
  settings.address = *std::move(address);
  settings.username = config.username();
  if (!config.password_file().empty()) {
    auto password = ReadPassword(config.password_file());
    if (!password.ok()) return password.status();
    settings.password = *std::move(password);
  }
  settings.database = config.database();
  settings.connections = config.connections();
  settings.key_prefix = config.key_prefix();
  settings.max_value = settings_.max_value;
  return Kind{.name = "redis",
              .is_cache = true,
              .factory = [settings](const LoopPlace& place) {
                return MakeRedis(*place.loop, settings);
              }};
}

absl::StatusOr<SourceBuilder::Kind> SourceBuilder::Memcached(
    const std::string& name, const config::v1::Memcached& config) const {
  MemcachedSettings settings;
  settings.name = name;
  for (const std::string& server : config.servers()) {
    auto address = ParseAddress(server, kMemcachedPort);
    if (!address.ok()) return address.status();
    settings.servers.push_back(*std::move(address));
  }
  settings.key_prefix = config.key_prefix();
  settings.max_value = settings_.max_value;
  return Kind{.name = "memcached",
              .is_cache = true,
              .factory = [settings](const LoopPlace& place) {
                return MakeMemcached(*place.loop, settings);
              }};
}

SourceBuilder::Kind SourceBuilder::Grpc(
    const std::string& name, const config::v1::Source& config) const {
  GrpcChannel::Settings channel;
  channel.target = config.grpc().target();
  channel.connections = static_cast<int>(config.grpc().connections());
  channel.methods = {std::string(kLookupMethod)};
  // An answer is the value and a little around it.
  channel.max_receive = settings_.max_value + size_t{64} * 1024;
  channel.counters = std::make_shared<GrpcChannelCounters>();
  GrpcSource::Settings source;
  source.name = name;
  source.timeout = config::ToDuration(config.timeout());
  return {.name = "grpc",
          .is_backend = true,
          .factory = [channel, source](const LoopPlace& place) {
            return Cache{.find = std::make_shared<GrpcSource>(
                             *place.loop, source,
                             std::make_unique<GrpcChannel>(
                                 *place.loop, *place.queue, channel))};
          }};
}

absl::StatusOr<SourceBuilder::Kind> SourceBuilder::Computation(
    const std::string& name, const config::v1::Computation& config) const {
  auto function = config.plugin().empty()
                      ? settings_.functions->Find(config.function())
                      : LoadPlugin({.library = config.plugin(),
                                    .function = config.function(),
                                    .max_value = settings_.max_value});
  if (!function.ok()) return function.status();
  auto pool = ComputationPool::Create(
      *std::move(function), {.threads = static_cast<int>(config.threads())});
  if (!pool.ok()) return pool.status();
  return Kind{
      .name = "computation",
      .factory = [pool = *pool, name](const LoopPlace& place) {
        return Cache{.find = MakeComputationSource(*place.loop, pool, name)};
      }};
}

absl::StatusOr<SourceBuilder::Kind> SourceBuilder::Http(
    const std::string& name, const config::v1::Source& config) const {
  const config::v1::Http& http = config.http();
  HttpSettings settings;
  settings.name = name;
  settings.url = http.url();
  settings.post = http.method() == config::v1::POST;
  for (const auto& [header, value] : http.headers()) {
    settings.headers.emplace_back(header, value);
  }
  settings.body = http.body();
  settings.value = http.value();
  settings.statuses = {
      .successes = {http.success_statuses().begin(),
                    http.success_statuses().end()},
      .misses = {http.miss_statuses().begin(), http.miss_statuses().end()}};
  settings.max_bytes = http.max_bytes();
  settings.max_redirects = http.max_redirects();
  settings.ca_file = http.ca_file();
  settings.connections = http.connections();
  settings.counters = std::make_shared<HttpCounters>();
  if (http.has_pages()) {
    const config::v1::Pages& pages = http.pages();
    settings.pages = {.parameter = pages.parameter(),
                      .next = pages.next(),
                      .items = pages.items(),
                      .id = pages.id(),
                      .max_errors = pages.max_errors(),
                      .max_pages = pages.max_pages()};
    settings.timeout = config::ToDuration(config.timeout());
  }
  return Kind{.name = "http",
              .is_backend = true,
              .keeps_time = settings.pages.has_value(),
              .factory = [settings](const LoopPlace& place) {
                absl::StatusOr<Cache> cache;
                auto source = MakeHttpSource(*place.loop, settings);
                if (source.ok()) {
                  cache = Cache{.find = *std::move(source)};
                } else {
                  cache = source.status();
                }
                return cache;
              }};
}

}  // namespace frontrunner
