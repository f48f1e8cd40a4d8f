#include "server/sources/grpc/lookup_answer.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "frontrunner/v1/lookup.pb.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/sources/grpc/from_wire.h"
#include "server/sources/grpc/pushback.h"

namespace frontrunner {
namespace {

constexpr size_t kMaxMessage = 512;

// The length of the well-formed UTF-8 character that `text` begins with; 0 for
// anything else, and for control characters.
size_t PrintableLength(std::string_view text) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x20 || first == 0x7f) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (!follows(1) || !follows(2)) return 0;
  const unsigned pair = first << 8 | byte(1);
  if (first >= 0xe0 && first < 0xf0) {
    const bool overlong = pair < 0xe0a0;
    const bool surrogate = first == 0xed && pair >= 0xeda0;
    return overlong || surrogate ? 0 : 3;
  }
  if (pair < 0xf090 || pair > 0xf48f || !follows(3)) return 0;
  return 4;
}

std::string Presentable(absl::string_view message) {
  std::string_view rest = Std(message);
  std::string text;
  while (!rest.empty()) {
    const size_t length = PrintableLength(rest);
    if (text.size() + std::max<size_t>(length, 1) > kMaxMessage) {
      text += "...";
      break;
    }
    if (length == 0) {
      text += '?';
    } else {
      text += rest.substr(0, length);
    }
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

absl::Status Failure(absl::StatusCode code, std::string_view target,
                     std::string_view message) {
  return absl::Status(code, absl::StrCat(Absl(target), ": ", Absl(message)));
}

}  // namespace

std::string LookupRequestOf(const Query& query) {
  v1::LookupRequest request;
  request.set_table(query.call->table);
  request.set_key(query.call->key);
  request.set_priority(query.priority);
  return request.SerializeAsString();
}

Outcome OutcomeOf(const ClientReply& reply, std::string_view target) {
  if (!reply.status.ok()) {
    const std::string message = Presentable(reply.status.message());
    absl::Status failure = Failure(reply.status.code(), target,
                                   message.empty() ? "no message" : message);
    const std::optional<Duration> pushback = PushbackIn(reply);
    return pushback ? WithPushback(std::move(failure), *pushback) : failure;
  }
  v1::LookupResponse response;
  const size_t most = std::numeric_limits<int>::max();
  if (reply.message.size() > most ||
      !response.ParseFromArray(reply.message.data(),
                               static_cast<int>(reply.message.size()))) {
    return Failure(absl::StatusCode::kInternal, target,
                   "the response is not a LookupResponse");
  }
  Value value;
  value.bytes = MakeBytes(std::move(*response.mutable_value()));
  if (response.has_age()) value.age = FromWire(response.age());
  if (response.has_fresh_for()) {
    value.fresh_for = FromWire(response.fresh_for());
  }
  value.stale = response.stale();
  return value;
}

}  // namespace frontrunner
