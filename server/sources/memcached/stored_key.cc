#include "server/sources/memcached/stored_key.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace frontrunner {
namespace {

constexpr size_t Base64Size(size_t size) { return (size + 2) / 3 * 4; }

/// memcached itself refuses none of these bytes; it would read on after them.
bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

std::string Hashed(std::string_view whole) {
  const XXH128_hash_t hash = XXH3_128bits(whole.data(), whole.size());
  return absl::StrCat("fr#", absl::Hex(hash.high64, absl::kZeroPad16),
                      absl::Hex(hash.low64, absl::kZeroPad16));
}

}  // namespace

StoredKey MakeStoredKey(std::string_view prefix, const CallContext& call) {
  std::string whole =
      absl::StrCat(Absl(prefix), call.table, ":", call.version, ":", call.key);
  if (whole.size() <= kMaxKeyText && IsPlain(whole)) {
    return {.text = std::move(whole)};
  }
  // The limit holds for the encoded text, not for what it stands for.
  if (Base64Size(whole.size()) <= kMaxKeyText) {
    return {.text = absl::Base64Escape(whole), .base64 = true};
  }
  return {.text = Hashed(whole)};
}

}  // namespace frontrunner
