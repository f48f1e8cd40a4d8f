#include "server/rpc/batch_handler.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "frontrunner/v1/lookup.pb.h"
#include "server/rpc/batch_run.h"
#include "server/rpc/request_checks.h"

namespace frontrunner {
namespace {

/// Each key once, in the order of their first appearance.
std::vector<std::string> DistinctKeys(v1::BatchLookupRequest& request) {
  absl::flat_hash_set<absl::string_view> seen;
  std::vector<int> first;
  seen.reserve(static_cast<size_t>(request.keys_size()));
  for (int i = 0; i < request.keys_size(); ++i) {
    if (seen.insert(request.keys(i)).second) first.push_back(i);
  }
  // Only now: moving a short string moves the bytes that `seen` looks at.
  std::vector<std::string> keys;
  keys.reserve(first.size());
  for (const int i : first) keys.push_back(std::move(*request.mutable_keys(i)));
  return keys;
}

}  // namespace

void BatchHandler::Handle(ServerCall& call) {
  v1::BatchLookupRequest request;
  if (auto mistake = Decode(*parts_.errors, call, request)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  const auto found = FindDestination(parts_, call, request.table());
  if (const auto* mistake = std::get_if<Mistake>(&found)) {
    call.Finish(AsReply(*mistake));
    return;
  }
  const auto& destination = std::get<Destination>(found);
  const auto count = static_cast<size_t>(request.keys_size());
  if (count > parts_.limits.max_batch) {
    call.Finish(AsReply(parts_.errors->Plain(
        Reason::kInvalidRequest,
        absl::StrCat("The batch has ", count, " keys; at most ",
                     parts_.limits.max_batch, " are allowed."),
        destination.table->settings().name)));
    return;
  }
  std::vector<std::string> keys = DistinctKeys(request);
  const size_t window =
      std::clamp<size_t>(std::min(keys.size(), parts_.limits.batch_window), 1,
                         std::max<size_t>(1, parts_.in_flight->settings().max));
  InFlight::Admission admission = parts_.in_flight->Begin(window);
  if (!admission.permit) {
    call.Finish(parts_.errors->Refused(admission.refusal));
    return;
  }
  std::make_shared<BatchRun>(
      call, std::move(admission.permit), parts_, destination,
      BatchRun::Settings{.keys = std::move(keys),
                         .window = window,
                         .priority = request.priority(),
                         .policy = PolicyFromProto(request.cache_policy())})
      ->Begin();
}

}  // namespace frontrunner
