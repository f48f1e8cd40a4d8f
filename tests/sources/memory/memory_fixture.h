#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/race/query.h"
#include "server/tables/key_hash.h"
#include "tests/fakes/fake_loop.h"

namespace frontrunner {

/// A call for a key, with the hash that the edge would give it.
inline CallContext CallFor(std::string_view key, std::string_view table = "t",
                           uint32_t version = 0) {
  CallContext call;
  call.table = std::string(table);
  call.version = version;
  call.key = std::string(key);
  call.hash = KeyHash(table, key);
  return call;
}

/// Bytes produced now, that do not expire.
inline ToStore Fresh(const Clock& clock, std::string_view bytes) {
  ToStore to_store;
  to_store.bytes = MakeBytes(std::string(bytes));
  to_store.produced = clock.WallNow();
  return to_store;
}

/// The same with a ttl.
inline ToStore Fresh(const Clock& clock, std::string_view bytes, Duration ttl) {
  ToStore to_store = Fresh(clock, bytes);
  to_store.ttl = ttl;
  return to_store;
}

}  // namespace frontrunner
