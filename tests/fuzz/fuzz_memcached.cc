#include "tests/fuzz/fuzz_memcached.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/sources/memcached/meta_codec.h"
#include "tests/fuzz/fuzz_check.h"

namespace frontrunner {
namespace {

constexpr MetaParser::Limits kLimits = {
    .max_line = 64, .max_value = 100, .max_skipped = 1000};

/// Everything a parser says of a stream.
std::string Parse(std::string_view stream, size_t piece) {
  MetaParser parser(kLimits);
  std::string said;
  while (!stream.empty()) {
    std::string_view bytes = stream.substr(0, piece);
    stream.remove_prefix(bytes.size());
    while (!bytes.empty()) {
      const size_t before = bytes.size();
      const auto reply = parser.Parse(bytes);
      if (!reply.ok()) {
        FuzzCheck(reply.status().code() == absl::StatusCode::kInternal,
                  "a broken stream is an internal error");
        return absl::StrCat(said, reply.status().message());
      }
      FuzzCheck(bytes.size() < before, "the parser gets on");
      if (!reply->has_value()) {
        FuzzCheck(bytes.empty(), "it asks for more when nothing is left");
        break;
      }
      const MetaReply& r = **reply;
      FuzzCheck(r.value.size() <= kLimits.max_value, "values are bounded");
      FuzzCheck(r.message.size() <= 100, "messages are bounded");
      absl::StrAppend(&said, static_cast<int>(r.kind), " ",
                      r.opaque.value_or(0), " ", r.value, " ", r.message, "\n");
    }
  }
  return said;
}

}  // namespace

void FuzzMemcached(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const size_t piece =
      std::max<size_t>(1, static_cast<unsigned char>(input[0]));
  input.remove_prefix(1);
  FuzzCheck(Parse(input, input.size()) == Parse(input, piece),
            "how a stream is cut does not matter");
}

}  // namespace frontrunner
