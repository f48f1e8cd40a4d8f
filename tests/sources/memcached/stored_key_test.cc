#include "server/sources/memcached/stored_key.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

CallContext Call(std::string_view table, uint32_t version,
                 std::string_view key) {
  CallContext call;
  call.table = table;
  call.version = version;
  call.key = key;
  return call;
}

StoredKey Stored(std::string_view key) {
  return MakeStoredKey("fr:", Call("t", 1, key));
}

std::string Decoded(std::string_view base64) {
  std::string text;
  EXPECT_TRUE(absl::Base64Unescape(Absl(base64), &text));
  return text;
}

/// The bytes that "fr:t:1:" takes.
constexpr size_t kBefore = 7;

TEST(StoredKey, IsPrefixTableVersionAndKey) {
  const StoredKey key = MakeStoredKey("mine:", Call("unicode", 12, "U+1F3C1"));
  EXPECT_EQ(key.text, "mine:unicode:12:U+1F3C1");
  EXPECT_FALSE(key.base64);
}

TEST(StoredKey, KeepsBytesAboveAsciiAsTheyAre) {
  EXPECT_EQ(Stored("Z\xc3\xbcrich\xff").text, "fr:t:1:Z\xc3\xbcrich\xff");
}

TEST(StoredKey, TwoHundredAndFiftyBytesInAllGoAsTheyAre) {
  const StoredKey key = Stored(std::string(250 - kBefore, 'k'));
  EXPECT_EQ(key.text.size(), 250);
  EXPECT_TRUE(key.text.starts_with("fr:t:1:kkk"));
  EXPECT_FALSE(key.base64);
}

TEST(StoredKey, TheLimitOfBase64HoldsForTheEncodedText) {
  // 186 bytes are 248 encoded, 187 would be 252.
  const StoredKey fits = Stored(std::string(186 - kBefore, ' '));
  EXPECT_TRUE(fits.base64);
  EXPECT_EQ(fits.text.size(), 248);
  const StoredKey hashed = Stored(std::string(187 - kBefore, ' '));
  EXPECT_FALSE(hashed.base64);
  EXPECT_TRUE(hashed.text.starts_with("fr#"));
}

TEST(StoredKey, AHashDependsOnEveryPart) {
  const std::string key(1000, 'k');
  const std::string text = MakeStoredKey("fr:", Call("t", 1, key)).text;
  EXPECT_EQ(text.size(), 3 + 32);
  EXPECT_EQ(text, MakeStoredKey("fr:", Call("t", 1, key)).text);
  EXPECT_NE(text, MakeStoredKey("fs:", Call("t", 1, key)).text);
  EXPECT_NE(text, MakeStoredKey("fr:", Call("u", 1, key)).text);
  EXPECT_NE(text, MakeStoredKey("fr:", Call("t", 2, key)).text);
  EXPECT_NE(text, MakeStoredKey("fr:", Call("t", 1, key + "k")).text);
}

TEST(StoredKey, AStrangePrefixOrTableIsEncodedToo) {
  EXPECT_TRUE(MakeStoredKey("f r\n", Call("t", 1, "k")).base64);
  EXPECT_TRUE(MakeStoredKey("fr:", Call("a\r\nb", 1, "k")).base64);
}

TEST(MemcachedFaults, Fault02_AKeyOf250BytesIsStoredUnderAHash) {
  // With what comes before it, it is too long for memcached.
  EXPECT_TRUE(Stored(std::string(250, 'k')).text.starts_with("fr#"));
}

TEST(MemcachedFaults, Fault03_LongKeysAreStoredUnderAHash) {
  EXPECT_TRUE(Stored(std::string(251 - kBefore, 'k')).text.starts_with("fr#"));
  EXPECT_TRUE(Stored(std::string(64 << 10, 'k')).text.starts_with("fr#"));
}

TEST(MemcachedFaults, Fault04_NoByteOfAKeyCanEndTheCommand) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string key = std::string("a") + static_cast<char>(byte) + "b";
    const StoredKey stored = Stored(key);
    EXPECT_EQ(stored.base64, byte <= 0x20 || byte == 0x7f) << byte;
    for (const char c : stored.text) {
      const auto text_byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(text_byte > 0x20 && text_byte != 0x7f) << byte;
    }
    if (stored.base64) {
      EXPECT_EQ(Decoded(stored.text), "fr:t:1:" + key);
    }
  }
}

}  // namespace
}  // namespace frontrunner
