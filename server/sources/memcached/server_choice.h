#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace frontrunner {

/// Which of several servers has a key: the one whose name, hashed together with
/// the key, gives the largest number (rendezvous hashing).
///
/// So every Frontrunner with the same names chooses alike, in whatever order
/// they are configured; and taking a server away moves only the keys that it
/// had, evenly to all others. A ring does the same, but needs hundreds of
/// points a server before the shares are even; here they are by themselves, and
/// for the few servers that a cache has, looking at each costs a nanosecond
/// apiece.
///
/// Immutable; any thread.
class ServerChoice {
 public:
  /// At least one name.
  explicit ServerChoice(const std::vector<std::string>& names);

  /// The index of the server for a key with this hash (CallContext::hash).
  size_t Of(uint64_t hash) const;

 private:
  std::vector<uint64_t> seeds_;
};

}  // namespace frontrunner
