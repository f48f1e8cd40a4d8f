#pragma once

#include <cstddef>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "server/race/query.h"

namespace frontrunner {

using CallPtr = std::shared_ptr<const CallContext>;

/// Hashes and compares calls by their key alone: enough within one table, and
/// no key is copied.
struct KeyHasher {
  using is_transparent = void;  // NOLINT(readability-identifier-naming)
  size_t operator()(const CallContext& call) const { return call.hash; }
  size_t operator()(const CallPtr& call) const { return call->hash; }
};
struct KeyEqual {
  using is_transparent = void;  // NOLINT(readability-identifier-naming)
  static const CallContext& Of(const CallContext& call) { return call; }
  static const CallContext& Of(const CallPtr& call) { return *call; }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return Of(a).hash == Of(b).hash && Of(a).key == Of(b).key;
  }
};

/// What a table knows of each key; the call that came first stands for its key.
template <typename T>
using ByKey = absl::flat_hash_map<CallPtr, T, KeyHasher, KeyEqual>;

}  // namespace frontrunner
