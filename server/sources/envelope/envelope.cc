#include "server/sources/envelope/envelope.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>

#include "absl/status/status.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace frontrunner {
namespace {

constexpr std::string_view kMagic("FRv\x01", 4);
constexpr size_t kTableVersionAt = 4;
constexpr size_t kKeyHashAt = 8;
constexpr size_t kProducedAt = 16;
constexpr size_t kExpiresAt = 24;
constexpr size_t kChecksumAt = 32;
constexpr int64_t kNeverExpires = std::numeric_limits<int64_t>::max();

// Any constant will do that makes this hash another one than KeyHash: a key
// that collides in one shall not collide in both.
constexpr uint64_t kKeyHashSeed = 0x9d3c5f0b7a61e248;

template <std::integral T>
void Put(char* at, T number) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(number);
  for (size_t i = 0; i < sizeof(T); ++i) {
    at[i] = static_cast<char>(static_cast<unsigned char>(bits >> (8 * i)));
  }
}

template <std::integral T>
T Get(const char* at) {
  std::make_unsigned_t<T> bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    bits |=
        static_cast<std::make_unsigned_t<T>>(static_cast<unsigned char>(at[i]))
        << (8 * i);
  }
  return static_cast<T>(bits);
}

uint64_t HashOfKey(const CallContext& call) {
  // Each part's hash is the next one's seed: no concatenation, no ambiguity.
  const uint64_t table = XXH3_64bits_withSeed(
      call.table.data(), call.table.size(), kKeyHashSeed ^ call.version);
  return XXH3_64bits_withSeed(call.key.data(), call.key.size(), table);
}

/// Over the header up to the checksum, and the value.
uint64_t Checksum(const char* header, std::string_view value) {
  std::array<char, kChecksumAt + sizeof(uint64_t)> covered;
  std::memcpy(covered.data(), header, kChecksumAt);
  Put<uint64_t>(covered.data() + kChecksumAt,
                XXH3_64bits(value.data(), value.size()));
  return XXH3_64bits(covered.data(), covered.size());
}

int64_t Nanoseconds(WallTime time) { return time.time_since_epoch().count(); }

/// Differences and sums of times that may come from anywhere.
int64_t SaturatingSubtract(int64_t a, int64_t b) {
  int64_t result;
  if (!__builtin_sub_overflow(a, b, &result)) {
    return result;
  }
  return b < 0 ? std::numeric_limits<int64_t>::max()
               : std::numeric_limits<int64_t>::min();
}

int64_t ExpiryOf(const ToStore& to_store, WallTime now) {
  int64_t expires;
  if (!to_store.ttl.has_value() ||
      __builtin_add_overflow(Nanoseconds(now), to_store.ttl->count(),
                             &expires)) {
    return kNeverExpires;
  }
  return expires;
}

}  // namespace

std::string EncodeEnvelope(const CallContext& call, const ToStore& to_store,
                           WallTime now) {
  std::string stored;
  stored.reserve(kEnvelopeOverhead + to_store.bytes->size());
  stored.assign(kEnvelopeOverhead, '\0');
  char* const header = stored.data();
  kMagic.copy(header, kMagic.size());
  Put<uint32_t>(header + kTableVersionAt, call.version);
  Put<uint64_t>(header + kKeyHashAt, HashOfKey(call));
  Put<int64_t>(header + kProducedAt, Nanoseconds(to_store.produced));
  Put<int64_t>(header + kExpiresAt, ExpiryOf(to_store, now));
  Put<uint64_t>(header + kChecksumAt, Checksum(header, *to_store.bytes));
  stored.append(*to_store.bytes);
  return stored;
}

absl::StatusOr<Value> DecodeEnvelope(const CallContext& call,
                                     std::string_view stored, WallTime now) {
  if (stored.size() < kEnvelopeOverhead || !stored.starts_with(kMagic)) {
    return absl::NotFoundError("what is stored is not ours");
  }
  const char* const header = stored.data();
  const std::string_view bytes = stored.substr(kEnvelopeOverhead);
  if (Get<uint64_t>(header + kChecksumAt) != Checksum(header, bytes)) {
    return absl::NotFoundError("the stored value is damaged");
  }
  if (Get<uint32_t>(header + kTableVersionAt) != call.version ||
      Get<uint64_t>(header + kKeyHashAt) != HashOfKey(call)) {
    return absl::NotFoundError("the stored value belongs to another key");
  }
  const auto produced = Get<int64_t>(header + kProducedAt);
  const auto expires = Get<int64_t>(header + kExpiresAt);
  // Whoever produced it may have a clock ahead of ours. It is no older than
  // new, and it does not live longer for that.
  const int64_t at = std::max(Nanoseconds(now), produced);
  if (expires <= at && expires != kNeverExpires) {
    return absl::NotFoundError("the stored value has expired");
  }
  Value value;
  value.bytes = MakeBytes(std::string(bytes));
  value.age = Duration(SaturatingSubtract(at, produced));
  if (expires != kNeverExpires) {
    value.fresh_for = Duration(SaturatingSubtract(expires, at));
  }
  return value;
}

}  // namespace frontrunner
