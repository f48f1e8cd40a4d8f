#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/race/source.h"

namespace frontrunner {

/// Computes a value from a table and a key. Called from several threads at
/// once, where its pool has several. A long one looks at `stop` now and then
/// and gives up when it is requested: nobody waits any more. (A stop_callback
/// would run on the loop's thread.) It says kNotFound for keys that are not of
/// its kind, and may throw. Its failures shall not repeat the key.
using ComputeFunction = std::function<Outcome(const CallContext& call,
                                              const std::stop_token& stop)>;

/// The functions that were linked in, by name. Filled by main, then only read.
class FunctionRegistry {
 public:
  /// kAlreadyExists if there is one of that name.
  absl::Status Add(std::string name, const ComputeFunction& function);

  /// kNotFound if there is none; the message lists those that are there.
  absl::StatusOr<ComputeFunction> Find(std::string_view name) const;

 private:
  std::map<std::string, ComputeFunction, std::less<>> functions_;
};

/// Calls it, and turns whatever it does into an outcome: an exception is
/// kInternal with its what(), bad_alloc is kResourceExhausted, a value without
/// bytes is kInternal.
Outcome CallGuarded(const ComputeFunction& function, const CallContext& call,
                    const std::stop_token& stop);

/// Text from outside, fit for a status message: at most 256 bytes, and
/// everything but printable ASCII replaced by '?'.
std::string PlainMessage(std::string_view text);

}  // namespace frontrunner
