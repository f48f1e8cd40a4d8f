#include "server/table_builder.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/status.h"
#include "server/config/proto_time.h"

namespace frontrunner {
namespace {

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
    const std::string& name, const config::v1::Table& config,
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
          return source->best_connectivity() == Connectivity::kConnected;
        });
  };
}

/// A race's entry, without its source, which each loop has its own of.
Entrant RuleOf(const config::v1::RaceEntry& entry, const BuiltSource& source) {
  Entrant rule;
  rule.start = ToStartRule(entry);
  rule.is_cache = source.is_cache;
  rule.budget = source.budget;
  for (const int code : entry.final_codes()) {
    rule.final_codes.set(static_cast<size_t>(code));
  }
  return rule;
}

EntrantView ViewOf(const config::v1::RaceEntry& entry, const Entrant& rule) {
  EntrantView view;
  view.source = entry.source();
  view.start = InWords(rule.start);
  for (const int code : entry.final_codes()) {
    view.final_codes.emplace_back(
        CodeName(static_cast<absl::StatusCode>(code)));
  }
  return view;
}

}  // namespace

const BuiltSource& TableBuilder::SourceNamed(const std::string& name) const {
  return *std::find_if(
      sources_.begin(), sources_.end(),
      [&name](const BuiltSource& source) { return source.name == name; });
}

BuiltTable TableBuilder::Build(const std::string& name,
                               const config::v1::Table& config,
                               const config::v1::Limits& limits) const {
  BuiltTable built;
  Table::Parts parts;
  parts.settings = SettingsOf(name, config, limits);
  parts.counters = std::make_shared<TableCounters>();
  std::vector<const BuiltSource*> raced;
  std::vector<Entrant> rules;
  for (const auto& entry : config.race()) {
    const BuiltSource& source = SourceNamed(entry.source());
    const Entrant& rule = rules.emplace_back(RuleOf(entry, source));
    built.entrants.push_back(ViewOf(entry, rule));
    const std::shared_ptr<Source>& find = source.on_loop.front().find;
    if (rule.start.kind == StartRule::kAtOnce && find->peekable()) {
      parts.peekable.push_back({raced.size(), find});
    }
    parts.entrant_names.push_back(source.name);
    raced.push_back(&source);
  }
  std::random_device seed;
  for (size_t i = 0; i < loops_.size(); ++i) {
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
    built.shards.push_back(MakeTableShard(*loops_[i], std::move(shard)));
    parts.shards.push_back(built.shards.back().get());
  }
  parts.serving = ServingRule(std::move(raced));
  built.table = std::make_shared<const Table>(std::move(parts));
  return built;
}

}  // namespace frontrunner
