#include "server/rpc/request_checks.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "frontrunner/v1/lookup.pb.h"
#include "server/tables/key_hash.h"

namespace frontrunner {

std::variant<Destination, Mistake> FindDestination(const HandlerParts& parts,
                                                   const ServerCall& call,
                                                   std::string_view table) {
  int hops = 0;
  if (const auto text = call.metadata("frontrunner-hops")) {
    const char* const end = text->data() + text->size();
    const auto [parsed, error] = std::from_chars(text->data(), end, hops);
    if (error != std::errc() || parsed != end || hops < 0) {
      return parts.errors->Plain(
          Reason::kInvalidRequest,
          "The metadata frontrunner-hops is not a number of hops.");
    }
  }
  if (hops >= kMaxHops) {
    return parts.errors->Plain(
        Reason::kTooManyHops,
        absl::StrCat("The call has come through ", hops,
                     " servers; do they point at each other?"));
  }
  const Table* const found = parts.tables->Find(table);
  if (found == nullptr) {
    return parts.errors->UnknownTable(table, parts.tables->NearNames(table));
  }
  return Destination{.table = found, .hops = hops};
}

std::optional<Mistake> CheckKey(const HandlerParts& parts, const Table& table,
                                std::string_view key) {
  if (key.empty()) {
    return parts.errors->Plain(Reason::kInvalidKey, "The key is empty.",
                               table.settings().name);
  }
  if (key.size() > parts.limits.max_key) {
    return parts.errors->Plain(
        Reason::kInvalidKey,
        absl::StrCat("The key has ", key.size(), " bytes; at most ",
                     parts.limits.max_key, " are allowed."),
        table.settings().name);
  }
  return std::nullopt;
}

CallContext MakeContext(const Destination& destination, std::string key) {
  const TableSettings& settings = destination.table->settings();
  CallContext context;
  context.table = settings.name;
  context.version = settings.version;
  context.hash = KeyHash(settings.name, key);
  context.key = std::move(key);
  context.hops = destination.hops;
  return context;
}

CachePolicy PolicyFromProto(int policy) {
  switch (policy) {
    case v1::BYPASS:
      return CachePolicy::kBypass;
    case v1::ONLY:
      return CachePolicy::kOnly;
    default:
      return CachePolicy::kDefault;
  }
}

}  // namespace frontrunner
