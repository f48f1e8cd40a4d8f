#include "server/rpc/prefetch_request.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/rpc/text.h"

namespace frontrunner {
namespace {

constexpr size_t kMaxId = 64;

bool WellFormed(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

bool RefusedWithoutControl(const PrefetchParts& parts, ServerCall& call) {
  if (parts.control != nullptr) return false;
  call.Finish(
      {.code = absl::StatusCode::kFailedPrecondition,
       .message = "Prefetching needs a state_dir in the configuration."});
  return true;
}

bool RefusedForItsId(const PrefetchParts& parts, ServerCall& call,
                     const std::string& id) {
  if (WellFormed(id)) return false;
  call.Finish(AsReply(parts.errors->Plain(
      Reason::kInvalidRequest,
      absl::StrCat("The id must be 1 to ", kMaxId,
                   " letters, digits, '-', '_' and '.'."))));
  return true;
}

Reply FailedPrefetchReply(const Errors& errors, const absl::Status& status) {
  if (const auto refusal = RefusalOf(status)) return errors.Refused(*refusal);
  return {.code = status.code(), .message = CleanUtf8(Std(status.message()))};
}

}  // namespace frontrunner
