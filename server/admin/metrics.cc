#include "server/admin/metrics.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "server/admin/exposition.h"

namespace frontrunner {
namespace {

using Kind = Exposition::Kind;

/// A family with one figure of each thing: a table, a source, a queue.
template <typename Thing>
struct Figure {
  std::string_view name;
  Kind kind;
  std::string_view help;
  uint64_t (*of)(const Thing& thing);
};

constexpr Figure<TableView> kTableFigures[] = {
    {"frontrunner_table_serving", Kind::kGauge,
     "Whether health says SERVING of the table.",
     [](const TableView& t) -> uint64_t { return t.serving ? 1 : 0; }},
    {"frontrunner_table_lookups_total", Kind::kCounter,
     "Lookups, those of batches included.",
     [](const TableView& t) { return t.counters.lookups; }},
    {"frontrunner_table_memory_hits_total", Kind::kCounter,
     "Lookups answered from memory before a race began.",
     [](const TableView& t) { return t.counters.peek_hits; }},
    {"frontrunner_table_races_total", Kind::kCounter, "Races that were begun.",
     [](const TableView& t) { return t.counters.races; }},
    {"frontrunner_table_coalesced_total", Kind::kCounter,
     "Lookups that joined a race which another had begun.",
     [](const TableView& t) { return t.counters.coalesced; }},
    {"frontrunner_table_waiting", Kind::kGauge,
     "Callers that wait for a value to be put.",
     [](const TableView& t) { return t.counters.waiting; }},
    {"frontrunner_table_write_backs_total", Kind::kCounter,
     "Writes of winning values to caches that were begun.",
     [](const TableView& t) { return t.counters.write_backs; }},
    {"frontrunner_table_write_back_failures_total", Kind::kCounter,
     "Writes of winning values to caches that failed.",
     [](const TableView& t) { return t.counters.write_back_failures; }},
    {"frontrunner_table_write_backs_skipped_total", Kind::kCounter,
     "Writes of winning values that were not made, since too many were under "
     "way.",
     [](const TableView& t) { return t.counters.write_backs_skipped; }},
};

constexpr Figure<SourceView> kSourceFigures[] = {
    {"frontrunner_source_connected", Kind::kGauge,
     "Whether the source is connected on every thread.",
     [](const SourceView& s) -> uint64_t {
       return s.connectivity == Connectivity::kConnected ? 1 : 0;
     }},
    {"frontrunner_source_attempts_started_total", Kind::kCounter,
     "Attempts that were begun, retries included.",
     [](const SourceView& s) { return s.counters.started; }},
    {"frontrunner_source_attempts_underway", Kind::kGauge,
     "Attempts that have not ended.",
     [](const SourceView& s) { return s.counters.underway; }},
};

struct QueueState {
  std::string name;
  DispatchQueue::State state;
};

constexpr Figure<QueueState> kQueueFigures[] = {
    {"frontrunner_queue_width", Kind::kGauge,
     "How many jobs may be underway at once.",
     [](const QueueState& q) { return static_cast<uint64_t>(q.state.width); }},
    {"frontrunner_queue_max_pending", Kind::kGauge,
     "How many jobs may wait for their turn.",
     [](const QueueState& q) { return uint64_t{q.state.max_pending}; }},
    {"frontrunner_queue_paused", Kind::kGauge,
     "Whether an operator has paused the queue.",
     [](const QueueState& q) -> uint64_t { return q.state.paused ? 1 : 0; }},
    {"frontrunner_queue_pending", Kind::kGauge,
     "Jobs that wait for their turn.",
     [](const QueueState& q) { return uint64_t{q.state.pending}; }},
    {"frontrunner_queue_underway", Kind::kGauge,
     "Jobs that were started and have not really ended.",
     [](const QueueState& q) { return uint64_t{q.state.underway}; }},
    {"frontrunner_queue_late", Kind::kGauge,
     "Jobs underway that nobody waits for any more.",
     [](const QueueState& q) { return uint64_t{q.state.late}; }},
    {"frontrunner_queue_jobs_queued_total", Kind::kCounter,
     "Jobs that were taken in.",
     [](const QueueState& q) { return q.state.counters.queued; }},
    {"frontrunner_queue_jobs_started_total", Kind::kCounter,
     "Jobs whose turn has come.",
     [](const QueueState& q) { return q.state.counters.started; }},
    {"frontrunner_queue_jobs_refused_total", Kind::kCounter,
     "Jobs that found no room.",
     [](const QueueState& q) { return q.state.counters.refused; }},
};

template <typename Thing, size_t kCount, typename LabelsOf>
void Write(const Figure<Thing> (&figures)[kCount],
           const std::vector<Thing>& things, LabelsOf labels_of,
           Exposition& out) {
  for (const Figure<Thing>& figure : figures) {
    out.Family(figure.name, figure.kind, figure.help);
    for (const Thing& thing : things) {
      out.Sample(labels_of(thing), figure.of(thing));
    }
  }
}

/// A family of one sample without labels.
void WriteOne(std::string_view name, Kind kind, std::string_view help,
              uint64_t value, Exposition& out) {
  out.Family(name, kind, help);
  out.Sample({}, value);
}

template <typename Thing>
std::vector<Thing> ByName(std::vector<Thing> things) {
  std::sort(things.begin(), things.end(),
            [](const Thing& a, const Thing& b) { return a.name < b.name; });
  return things;
}

void WriteServer(const MetricsParts& parts, Exposition& out) {
  const InFlight& calls = *parts.in_flight;
  WriteOne("frontrunner_ready", Kind::kGauge, "Whether /readyz says so.",
           parts.readiness->ready() ? 1 : 0, out);
  WriteOne("frontrunner_draining", Kind::kGauge,
           "Whether the server goes away, from the lame duck on.",
           parts.readiness->draining() ? 1 : 0, out);
  WriteOne("frontrunner_overloaded", Kind::kGauge,
           "Whether new lookups are refused by the water marks.",
           calls.overloaded() ? 1 : 0, out);
  WriteOne("frontrunner_outstanding", Kind::kGauge,
           "Calls under way; a batch counts as many as its keys, 256 at most.",
           calls.outstanding(), out);
  out.Family("frontrunner_outstanding_limit", Kind::kGauge,
             "Bounds of the calls under way: the water marks, and the most.");
  out.Sample({{"limit", "high"}}, calls.settings().high);
  out.Sample({{"limit", "low"}}, calls.settings().low);
  out.Sample({{"limit", "max"}}, calls.settings().max);
  out.Family("frontrunner_refused_total", Kind::kCounter,
             "Calls that were refused at the door.");
  out.Sample({{"reason", "DRAINING"}}, calls.refused_draining());
  out.Sample({{"reason", "OVERLOADED"}}, calls.refused_overloaded());
}

Exposition::Labels LabelsOf(const SourceView& source) {
  return {{"source", source.name}, {"kind", source.kind}};
}

Exposition::Labels With(Exposition::Labels labels, std::string_view name,
                        std::string_view value) {
  labels.emplace_back(name, value);
  return labels;
}

void WriteSourceEnds(const std::vector<SourceView>& sources, Exposition& out) {
  out.Family("frontrunner_source_attempts_total", Kind::kCounter,
             "Attempts that have ended, by how.");
  for (const SourceView& source : sources) {
    const auto& counters = source.counters;
    const auto labels = LabelsOf(source);
    out.Sample(With(labels, "outcome", "succeeded"), counters.succeeded);
    out.Sample(With(labels, "outcome", "missed"), counters.missed);
    out.Sample(With(labels, "outcome", "failed"), counters.failed);
    out.Sample(With(labels, "outcome", "cancelled"), counters.cancelled);
  }
  out.Family("frontrunner_source_failures_total", Kind::kCounter,
             "Attempts that have failed, by gRPC status code.");
  for (const SourceView& source : sources) {
    for (const auto& [code, count] : source.counters.failures) {
      out.Sample(With(LabelsOf(source), "code", code), count);
    }
  }
  out.Family("frontrunner_source_latency_seconds", Kind::kSummary,
             "Time that attempts took which succeeded or missed.");
  for (const SourceView& source : sources) {
    const auto& counters = source.counters;
    if (!counters.latency_sum) continue;
    out.Summary(LabelsOf(source), *counters.latency_sum,
                counters.succeeded + counters.missed);
  }
}

void WriteBudgets(const std::vector<SourceView>& sources, Exposition& out) {
  out.Family("frontrunner_source_budget_lookups_total", Kind::kCounter,
             "Lookups that raced the source, which its budget is a part of.");
  for (const SourceView& source : sources) {
    if (source.budget) out.Sample(LabelsOf(source), source.budget->offered);
  }
  out.Family("frontrunner_source_budget_extra_attempts_total", Kind::kCounter,
             "Retries and hedges that asked the budget, by its answer.");
  for (const SourceView& source : sources) {
    if (!source.budget) continue;
    const auto labels = LabelsOf(source);
    out.Sample(With(labels, "answer", "granted"), source.budget->granted);
    out.Sample(With(labels, "answer", "refused"), source.budget->refused);
  }
}

void WriteQueues(const MetricsParts& parts, Exposition& out) {
  std::vector<QueueState> queues;
  for (const auto& queue : parts.queues) {
    queues.push_back({queue->name(), queue->state()});
  }
  queues = ByName(std::move(queues));
  const auto labels_of = [](const QueueState& queue) {
    return Exposition::Labels{{"source", queue.name}};
  };
  Write(kQueueFigures, queues, labels_of, out);
  out.Family("frontrunner_queue_jobs_total", Kind::kCounter,
             "Jobs that are over, by how.");
  for (const QueueState& queue : queues) {
    const auto& counters = queue.state.counters;
    const auto labels = labels_of(queue);
    out.Sample(With(labels, "end", "finished"), counters.finished);
    out.Sample(With(labels, "end", "cancelled"), counters.cancelled);
    out.Sample(With(labels, "end", "aborted"), counters.aborted);
    out.Sample(With(labels, "end", "drained"), counters.drained);
  }
  out.Family("frontrunner_queue_wait_seconds", Kind::kSummary,
             "Time that jobs had waited for their turn when it came.");
  for (const QueueState& queue : queues) {
    out.Summary(labels_of(queue), queue.state.counters.wait_sum,
                queue.state.counters.started);
  }
}

void WriteHttpPort(const HttpPortCounters& counters, Exposition& out) {
  WriteOne("frontrunner_http_port_connections", Kind::kGauge,
           "Connections to this port that are open.", counters.open, out);
  WriteOne("frontrunner_http_port_connections_accepted_total", Kind::kCounter,
           "Connections to this port.", counters.accepted, out);
  out.Family("frontrunner_http_port_connections_closed_total", Kind::kCounter,
             "Connections that this port has closed on its own, by why.");
  out.Sample({{"why", "crowded_out"}}, counters.crowded_out);
  out.Sample({{"why", "late"}}, counters.late);
  WriteOne("frontrunner_http_port_requests_total", Kind::kCounter,
           "Requests that this port has answered.", counters.requests, out);
}

}  // namespace

std::string MetricsText(const MetricsParts& parts) {
  Exposition out;
  WriteServer(parts, out);
  Write(
      kTableFigures, ByName(parts.view->Tables()),
      [](const TableView& table) {
        return Exposition::Labels{{"table", table.name}};
      },
      out);
  const auto sources = ByName(parts.view->Sources());
  Write(
      kSourceFigures, sources,
      [](const SourceView& source) { return LabelsOf(source); }, out);
  WriteSourceEnds(sources, out);
  WriteBudgets(sources, out);
  WriteQueues(parts, out);
  WriteHttpPort(*parts.http, out);
  return out.text();
}

}  // namespace frontrunner
