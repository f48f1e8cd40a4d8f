#include "server/running_view.h"

namespace frontrunner {

std::vector<TableView> RunningView::Tables() const {
  std::vector<TableView> views;
  views.reserve(tables_.size());
  for (const TableEntry& entry : tables_) {
    const TableSettings& settings = entry.table->settings();
    const TableCounters& counters = entry.table->counters();
    TableView& view = views.emplace_back();
    view.name = settings.name;
    view.entrants = entry.entrants;
    view.deadline = settings.deadline;
    view.version = settings.version;
    view.coalesce = settings.coalesce;
    if (settings.write_back) view.write_back_ttl = settings.write_back->ttl;
    view.serving = entry.table->serving();
    view.counters.lookups = counters.lookups;
    view.counters.peek_hits = counters.peek_hits;
    view.counters.races = counters.races;
    view.counters.coalesced = counters.coalesced;
    view.counters.write_backs = counters.write_backs;
    view.counters.write_back_failures = counters.write_back_failures;
    view.counters.write_backs_skipped = counters.write_backs_skipped;
    view.counters.waiting = counters.waiting;
  }
  return views;
}

std::vector<SourceView> RunningView::Sources() const {
  std::vector<SourceView> views;
  views.reserve(sources_.size());
  for (const BuiltSource& source : sources_) {
    SourceView& view = views.emplace_back();
    view.name = source.name;
    view.kind = source.kind;
    view.connectivity = source.weakest_connectivity();
    view.counters = source.counters();
    if (source.budget) {
      view.budget = {.offered = source.budget->offered(),
                     .granted = source.budget->granted(),
                     .refused = source.budget->refused()};
    }
  }
  return views;
}

}  // namespace frontrunner
