#include "client/admin_json.h"

#include "absl/strings/str_cat.h"
#include "client/json.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

// Puts `elements`, with their keys as text, in the place of the empty array
// `name` of `json`. Within a string its quotes would be escaped, so that only
// the array can match.
template <typename Elements>
void FillArray(std::string_view name, const Elements& elements,
               std::string& json) {
  std::string filled;
  for (const auto& element : elements) {
    absl::StrAppend(&filled, filled.empty() ? "" : ",",
                    WithKeyText(element.key(), ToJson(element)));
  }
  const std::string empty = absl::StrCat("\"", Absl(name), "\":[]");
  const size_t place = json.find(empty);
  if (place == std::string::npos) return;
  json.insert(place + empty.size() - 1, filled);
}

}  // namespace

std::string QueueToJson(const v1::GetQueueResponse& response) {
  v1::GetQueueResponse rest;
  *rest.mutable_queue() = response.queue();
  std::string json = ToJson(rest);
  FillArray("pending", response.pending(), json);
  FillArray("underway", response.underway(), json);
  FillArray("ended", response.ended(), json);
  return json;
}

std::string OutstandingToJson(const v1::ListOutstandingResponse& response) {
  v1::ListOutstandingResponse rest = response;
  rest.clear_lookups();
  std::string json = ToJson(rest);
  FillArray("lookups", response.lookups(), json);
  return json;
}

}  // namespace frontrunner
