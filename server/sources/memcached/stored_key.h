#pragma once

#include <string>
#include <string_view>

#include "server/race/query.h"

namespace frontrunner {

/// A key as memcached is told it. `text` is at most 250 bytes and holds no
/// space, control character or \x7f, whatever was asked for, so it can neither
/// end the command line early nor begin another one.
struct StoredKey {
  std::string text;
  /// `text` is base64 of the real key (meta flag b).
  bool base64 = false;
};

/// memcached's limit for the text of a key.
inline constexpr size_t kMaxKeyText = 250;

/// The key of `call` is its prefix, table, version and key, "fr:table:1:key".
/// Where memcached can't take that as it is, it goes as base64 if that is short
/// enough, and else as "fr#" and 128 bits of XXH3 of the whole in hexadecimal.
/// Two keys with the same text (the hash is not a cryptographic one) are told
/// apart by the envelope: a miss, never a wrong value. Any thread.
StoredKey MakeStoredKey(std::string_view prefix, const CallContext& call);

}  // namespace frontrunner
