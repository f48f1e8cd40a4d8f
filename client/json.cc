#include "client/json.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/failure.h"
#include "client/text.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

// A JSON string, quotes and all. `text` is UTF-8.
std::string Quoted(std::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  return ToJson(value);
}

// A member in front of those that `object` has.
std::string WithMember(std::string_view name, std::string_view json,
                       std::string_view object) {
  const std::string_view rest = object.substr(1);
  return absl::StrCat("{\"", Absl(name), "\":", Absl(json),
                      rest == "}" ? "" : ",", Absl(rest));
}

// Whether JSON can hold it: its type is linked in, and it parses.
bool Known(const google::protobuf::Any& detail) {
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          detail.type_url().substr(detail.type_url().rfind('/') + 1));
  if (type == nullptr) return false;
  const std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(type)
          ->New());
  return message->ParseFromString(detail.value());
}

std::string RpcStatusToJson(const absl::Status& status) {
  // Named, so that the linker keeps these types.
  google::rpc::ErrorInfo::descriptor();
  v1::RaceReport::descriptor();
  const google::rpc::Status all = RpcFromStatus(status);
  google::rpc::Status known;
  known.set_code(all.code());
  known.set_message(all.message());
  for (const auto& detail : all.details()) {
    if (Known(detail)) *known.add_details() = detail;
  }
  return ToJson(known);
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  // Only an Any of an unknown type could fail, and there is none.
  return status.ok() ? json : "{}";
}

std::string FailureToJson(const absl::Status& status) {
  return absl::StrCat("{\"failed\":", RpcStatusToJson(status), "}");
}

std::string WithKeyText(std::string_view key, const std::string& object) {
  return IsUtf8(key) ? WithMember("keyText", Quoted(key), object) : object;
}

std::string AnswerToJson(std::string_view key,
                         const absl::StatusOr<v1::LookupResponse>& answer) {
  std::string json;
  if (answer.ok()) {
    std::string found = ToJson(*answer);
    if (IsUtf8(answer->value())) {
      found = WithMember("valueText", Quoted(answer->value()), found);
    }
    json = absl::StrCat("{\"found\":", found, "}");
  } else {
    json = FailureToJson(answer.status());
  }
  return WithMember("key",
                    absl::StrCat("\"", absl::Base64Escape(Absl(key)), "\""),
                    WithKeyText(key, json));
}

}  // namespace frontrunner
