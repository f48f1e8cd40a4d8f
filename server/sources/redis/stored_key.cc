#include "server/sources/redis/stored_key.h"

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace frontrunner {

std::string StoredKey(std::string_view prefix, const CallContext& call) {
  return absl::StrCat(Absl(prefix), call.table, ":", call.version, ":",
                      call.key);
}

std::string ChannelOf(std::string_view prefix, const CallContext& call) {
  const std::string key = StoredKey(prefix, call);
  return absl::StrCat(
      Absl(prefix),
      "put:", absl::Hex(XXH3_64bits(key.data(), key.size()), absl::kZeroPad16));
}

}  // namespace frontrunner
