#include "server/rpc/admin_handlers.h"

#include <algorithm>
#include <vector>

#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/admin_request.h"
#include "server/rpc/durations.h"

namespace frontrunner {
namespace {

// Connectivity's order is the proto's, without the unspecified.
v1::Connectivity ToProto(Connectivity connectivity) {
  switch (connectivity) {
    case Connectivity::kOpening:
      return v1::OPENING;
    case Connectivity::kConnected:
      return v1::CONNECTED;
    case Connectivity::kDisconnected:
      return v1::DISCONNECTED;
  }
  return v1::CONNECTIVITY_UNSPECIFIED;
}

void Fill(const TableCountersView& view, v1::TableCounters& proto) {
  proto.set_lookups(view.lookups);
  proto.set_peek_hits(view.peek_hits);
  proto.set_races(view.races);
  proto.set_coalesced(view.coalesced);
  proto.set_write_backs(view.write_backs);
  proto.set_write_back_failures(view.write_back_failures);
  proto.set_write_backs_skipped(view.write_backs_skipped);
}

void Fill(const TableView& view, v1::Table& proto) {
  proto.set_name(view.name);
  for (const EntrantView& entrant : view.entrants) {
    v1::Entrant& out = *proto.add_entrants();
    out.set_source(entrant.source);
    out.set_start(entrant.start);
    for (const auto& code : entrant.final_codes) out.add_final_codes(code);
  }
  SetDuration(view.deadline, *proto.mutable_deadline());
  proto.set_version(view.version);
  proto.set_coalesce(view.coalesce);
  if (view.write_back_ttl) {
    SetDuration(*view.write_back_ttl, *proto.mutable_write_back_ttl());
  }
  proto.set_serving(view.serving);
  Fill(view.counters, *proto.mutable_counters());
}

void Fill(const SourceView& view, v1::Source& proto) {
  proto.set_name(view.name);
  proto.set_kind(view.kind);
  proto.set_connectivity(ToProto(view.connectivity));
  const SourceView::Counters& counters = view.counters;
  v1::SourceCounters& out = *proto.mutable_counters();
  out.set_started(counters.started);
  out.set_succeeded(counters.succeeded);
  out.set_missed(counters.missed);
  out.set_failed(counters.failed);
  out.set_cancelled(counters.cancelled);
  out.set_underway(counters.underway);
  for (const auto& [code, count] : counters.failures) {
    (*out.mutable_failures())[code] = count;
  }
  SetDuration(counters.mean_latency, *out.mutable_mean_latency());
}

template <typename View>
void SortByName(std::vector<View>& views) {
  std::sort(views.begin(), views.end(),
            [](const View& a, const View& b) { return a.name < b.name; });
}

}  // namespace

void ListTablesHandler::Handle(ServerCall& call) {
  if (!DecodeOrRefuse<v1::ListTablesRequest>(call, errors_)) return;
  std::vector<TableView> tables = view_.Tables();
  SortByName(tables);
  v1::ListTablesResponse response;
  for (const TableView& table : tables) Fill(table, *response.add_tables());
  call.Finish({.response = response.SerializeAsString()});
}

void ListSourcesHandler::Handle(ServerCall& call) {
  if (!DecodeOrRefuse<v1::ListSourcesRequest>(call, errors_)) return;
  std::vector<SourceView> sources = view_.Sources();
  SortByName(sources);
  v1::ListSourcesResponse response;
  for (const SourceView& source : sources) {
    Fill(source, *response.add_sources());
  }
  call.Finish({.response = response.SerializeAsString()});
}

}  // namespace frontrunner
