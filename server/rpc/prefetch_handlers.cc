#include "server/rpc/prefetch_handlers.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/prefetch_progress.h"
#include "server/rpc/request_checks.h"

namespace frontrunner {
namespace {

constexpr int kDefaultPriority = 100;

std::optional<Mistake> CheckKeys(const HandlerParts& parts, const Table& table,
                                 const v1::PrefetchRequest& request) {
  const auto count = static_cast<size_t>(request.keys_size());
  if (count > parts.limits.max_batch) {
    return parts.errors->Plain(
        Reason::kInvalidRequest,
        absl::StrCat("The call has ", count, " keys; at most ",
                     parts.limits.max_batch, " are allowed in one."),
        table.settings().name);
  }
  for (const std::string& key : request.keys()) {
    if (auto mistake = CheckKey(parts, table, key)) return mistake;
  }
  return std::nullopt;
}

}  // namespace

PrefetchHandlers::PrefetchHandlers(HandlerParts parts, PrefetchControl* control)
    : accept_(PrefetchParts{parts, control}),
      list_(PrefetchParts{parts, control}),
      cancel_(PrefetchParts{parts, control}),
      watch_(PrefetchParts{parts, control}) {}

std::vector<Route> PrefetchHandlers::routes() {
  return {
      {.method = "/frontrunner.v1.AdminService/Prefetch", .handler = &accept_},
      {.method = "/frontrunner.v1.AdminService/WatchPrefetch",
       .kind = MethodKind::kServerStreaming,
       .handler = &watch_},
      {.method = "/frontrunner.v1.AdminService/ListPrefetches",
       .handler = &list_},
      {.method = "/frontrunner.v1.AdminService/CancelPrefetch",
       .handler = &cancel_}};
}

void PrefetchHandlers::Accept::Handle(ServerCall& call) {
  auto request = PrefetchRequestOrRefuse<v1::PrefetchRequest>(parts_, call);
  if (!request || RefusedForItsId(parts_, call, request->id())) return;
  const auto found = FindDestination(parts_, call, request->table());
  if (const auto* mistake = std::get_if<Mistake>(&found)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  const Table& table = *std::get<Destination>(found).table;
  if (const auto mistake = CheckKeys(parts_, table, *request)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  if (!table.stores()) {
    call.Finish(
        {.code = absl::StatusCode::kFailedPrecondition,
         .message = absl::StrCat("Table \"", table.settings().name,
                                 "\" stores nothing: it needs a cache and a "
                                 "write_back.")});
    return;
  }
  PrefetchKeys keys;
  keys.id = std::move(*request->mutable_id());
  keys.table = std::move(*request->mutable_table());
  keys.keys.assign(std::make_move_iterator(request->mutable_keys()->begin()),
                   std::make_move_iterator(request->mutable_keys()->end()));
  keys.priority =
      request->has_priority() ? request->priority() : kDefaultPriority;
  keys.last = request->last();
  parts_.control->Accept(
      std::move(keys), [&call, errors = parts_.errors](
                           const absl::StatusOr<uint64_t>& accepted) {
        if (!accepted.ok()) {
          call.Finish(FailedPrefetchReply(*errors, accepted.status()));
          return;
        }
        v1::PrefetchResponse response;
        response.set_accepted(*accepted);
        call.Finish({.response = response.SerializeAsString()});
      });
}

void PrefetchHandlers::List::Handle(ServerCall& call) {
  if (!PrefetchRequestOrRefuse<v1::ListPrefetchesRequest>(parts_, call)) return;
  parts_.control->List(
      [&call, errors = parts_.errors](
          const absl::StatusOr<std::vector<PrefetchView>>& views) {
        if (!views.ok()) {
          call.Finish(FailedPrefetchReply(*errors, views.status()));
          return;
        }
        v1::ListPrefetchesResponse response;
        for (const PrefetchView& view : *views) {
          *response.add_prefetches() = ProgressToProto(view);
        }
        call.Finish({.response = response.SerializeAsString()});
      });
}

void PrefetchHandlers::Cancel::Handle(ServerCall& call) {
  auto request =
      PrefetchRequestOrRefuse<v1::CancelPrefetchRequest>(parts_, call);
  if (!request || RefusedForItsId(parts_, call, request->id())) return;
  parts_.control->Cancel(
      std::move(*request->mutable_id()),
      [&call,
       errors = parts_.errors](const absl::StatusOr<PrefetchView>& view) {
        if (!view.ok()) {
          call.Finish(FailedPrefetchReply(*errors, view.status()));
          return;
        }
        call.Finish({.response = ProgressToProto(*view).SerializeAsString()});
      });
}

}  // namespace frontrunner
