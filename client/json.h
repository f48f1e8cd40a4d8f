#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontrunner/v1/lookup.pb.h"
#include "google/protobuf/message.h"

namespace frontrunner {

/// One line of JSON, without line feed, in protobuf's JSON mapping with every
/// plain field printed, also where it is zero.
std::string ToJson(const google::protobuf::Message& message);

/// {"failed": …}, a google.rpc.Status. Details of unknown types are left out,
/// since JSON cannot hold them.
std::string FailureToJson(const absl::Status& status);

/// `object`, a line of JSON, with "keyText" in front where the key is UTF-8.
std::string WithKeyText(std::string_view key, const std::string& object);

/// One key's answer as a BatchLookupResponse, with "keyText" and "valueText"
/// beside "key" and "value" where these are UTF-8.
std::string AnswerToJson(std::string_view key,
                         const absl::StatusOr<v1::LookupResponse>& answer);

}  // namespace frontrunner
