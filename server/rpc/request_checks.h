#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "google/rpc/status.pb.h"
#include "server/race/query.h"
#include "server/race/race.h"
#include "server/rpc/handler_parts.h"
#include "server/rpc/transport.h"
#include "server/tables/table.h"

namespace frontrunner {

/// A server that receives a call with so many hops refuses it (rule 15).
inline constexpr int kMaxHops = 8;

/// What is the matter with a request.
using Mistake = google::rpc::Status;

/// Decodes a request message. A string that is not UTF-8 is malformed too.
template <typename Request>
std::optional<Mistake> Decode(const Errors& errors, const ServerCall& call,
                              Request& request) {
  const std::string_view bytes = call.request();
  if (request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::nullopt;
  }
  return errors.Plain(Reason::kInvalidRequest,
                      "The request is not a well-formed message of its type.");
}

/// Which table, and after how many hops.
struct Destination {
  const Table* table;
  int hops;
};
std::variant<Destination, Mistake> FindDestination(const HandlerParts& parts,
                                                   const ServerCall& call,
                                                   std::string_view table);

std::optional<Mistake> CheckKey(const HandlerParts& parts, const Table& table,
                                std::string_view key);

/// The context of a call with a key that has been checked.
CallContext MakeContext(const Destination& destination, std::string key);

/// A number that this server does not know is the default.
CachePolicy PolicyFromProto(int policy);

}  // namespace frontrunner
