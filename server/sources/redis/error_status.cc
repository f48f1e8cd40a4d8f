#include "server/sources/redis/error_status.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

using Code = absl::StatusCode;

constexpr std::array<std::pair<std::string_view, Code>, 13> kCodes = {{
    {"LOADING", Code::kUnavailable},
    {"READONLY", Code::kUnavailable},
    {"CLUSTERDOWN", Code::kUnavailable},
    {"MASTERDOWN", Code::kUnavailable},
    {"MISCONF", Code::kUnavailable},
    {"NOREPLICAS", Code::kUnavailable},
    {"TRYAGAIN", Code::kUnavailable},
    {"BUSY", Code::kUnavailable},
    {"OOM", Code::kResourceExhausted},
    {"NOAUTH", Code::kUnauthenticated},
    {"WRONGPASS", Code::kUnauthenticated},
    {"NOPERM", Code::kPermissionDenied},
    {"DENIED", Code::kPermissionDenied},
}};

/// Whether it looks like one of Redis's codes, so that it can't be a piece of
/// anything else.
bool IsCode(std::string_view word) {
  return !word.empty() && word.size() <= 32 &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

}  // namespace

absl::Status RedisErrorStatus(std::string_view server, std::string_view word) {
  Code code = Code::kInternal;
  for (const auto& [name, its_code] : kCodes) {
    if (word == name) code = its_code;
  }
  return {code, absl::StrCat(Absl(server), " answered ",
                             IsCode(word) ? Absl(word) : "an error")};
}

}  // namespace frontrunner
