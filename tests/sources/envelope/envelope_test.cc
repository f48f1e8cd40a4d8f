#include "server/sources/envelope/envelope.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace frontrunner {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr WallTime kNow{hours(24 * 365 * 56)};

CallContext Call(std::string_view table, uint32_t version,
                 std::string_view key) {
  CallContext call;
  call.table = table;
  call.version = version;
  call.key = key;
  return call;
}

const CallContext kCall = Call("t", 3, "some key");

ToStore Storing(std::string_view bytes, std::optional<Duration> ttl,
                WallTime produced = kNow) {
  return {
      .bytes = MakeBytes(std::string(bytes)), .produced = produced, .ttl = ttl};
}

std::string Sample() {
  return EncodeEnvelope(kCall, Storing("forty-two", seconds(10)), kNow);
}

void ExpectMiss(std::string_view stored, const CallContext& call = kCall,
                WallTime now = kNow) {
  EXPECT_EQ(DecodeEnvelope(call, stored, now).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(Envelope, ComesBackWithItsBytes) {
  const auto value = DecodeEnvelope(kCall, Sample(), kNow);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(*value->bytes, "forty-two");
}

TEST(Envelope, KeepsEmptyAndBinaryValues) {
  for (const std::string& bytes :
       {std::string(), std::string("\0\xff\r\n", 4), std::string(100000, 7)}) {
    const std::string stored =
        EncodeEnvelope(kCall, Storing(bytes, std::nullopt), kNow);
    EXPECT_EQ(stored.size(), bytes.size() + kEnvelopeOverhead);
    const auto value = DecodeEnvelope(kCall, stored, kNow);
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(*value->bytes, bytes);
  }
}

// What is in shared caches outlives this program: another build, on another
// machine, must read it.
TEST(Envelope, HasTheWrittenLayout) {
  const WallTime produced{nanoseconds(0x1122334455667788)};
  const std::string stored =
      EncodeEnvelope(Call("t", 0x0a0b0c0d, "k"),
                     {MakeBytes("v"), produced, nanoseconds(1)}, produced);
  EXPECT_EQ(stored.substr(0, 8),
            std::string_view("FRv\x01\x0d\x0c\x0b\x0a", 8));
  EXPECT_EQ(stored.substr(16, 8), "\x88\x77\x66\x55\x44\x33\x22\x11");
  EXPECT_EQ(stored.substr(24, 8), "\x89\x77\x66\x55\x44\x33\x22\x11");
  EXPECT_EQ(stored.substr(40), "v");
}

TEST(Envelope, TellsTheAgeSinceItWasProduced) {
  const std::string stored =
      EncodeEnvelope(kCall, Storing("v", seconds(10), kNow - seconds(5)), kNow);
  const auto value = DecodeEnvelope(kCall, stored, kNow + milliseconds(1500));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->age, milliseconds(6500));
}

TEST(Envelope, TellsHowMuchLongerItMayBeKept) {
  const auto value = DecodeEnvelope(kCall, Sample(), kNow + milliseconds(9999));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->fresh_for, milliseconds(1));
}

TEST(Envelope, WithoutATtlNeverExpires) {
  const std::string stored =
      EncodeEnvelope(kCall, Storing("v", std::nullopt), kNow);
  const auto value = DecodeEnvelope(kCall, stored, kNow + hours(24 * 365 * 50));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->fresh_for, std::nullopt);
}

TEST(Envelope, ATtlBeyondTheEndOfTimeNeverExpires) {
  const std::string stored =
      EncodeEnvelope(kCall, Storing("v", Duration::max()), kNow);
  const auto value = DecodeEnvelope(kCall, stored, kNow);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->fresh_for, std::nullopt);
}

TEST(Envelope, IsAMissFromTheMomentItExpires) {
  EXPECT_TRUE(
      DecodeEnvelope(kCall, Sample(), kNow + seconds(10) - nanoseconds(1))
          .ok());
  ExpectMiss(Sample(), kCall, kNow + seconds(10));
}

TEST(Envelope, AProducerWhoseClockIsAheadMakesNoNegativeAge) {
  const WallTime ahead = kNow + hours(1);
  const std::string stored =
      EncodeEnvelope(kCall, Storing("v", seconds(10), ahead), ahead);
  const auto value = DecodeEnvelope(kCall, stored, kNow);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->age, Duration(0));
  // Nor does it live an hour longer than it was meant to.
  EXPECT_EQ(value->fresh_for, seconds(10));
}

TEST(Envelope, TimesFromTheEndsOfTimeDoNotOverflow) {
  const WallTime dawn{Duration::min()};
  const std::string stored =
      EncodeEnvelope(kCall, Storing("v", std::nullopt, dawn), kNow);
  const auto value = DecodeEnvelope(kCall, stored, kNow);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->age, Duration::max());
}

TEST(EnvelopeFaults, Fault30_AnotherKeyIsAMiss) {
  ExpectMiss(Sample(), Call("t", 3, "some other key"));
}

TEST(EnvelopeFaults, Fault30_AnotherTableIsAMiss) {
  ExpectMiss(Sample(), Call("u", 3, "some key"));
  // Where one part ends and the next begins matters.
  ExpectMiss(EncodeEnvelope(Call("ab", 3, "c"), Storing("v", {}), kNow),
             Call("a", 3, "bc"));
}

TEST(EnvelopeFaults, Fault30_AnotherTableVersionIsAMiss) {
  ExpectMiss(Sample(), Call("t", 2, "some key"));
}

/// Puts a new checksum over a changed envelope, as the layout says.
std::string Sealed(std::string stored) {
  const auto put = [&stored](uint64_t number) {
    for (size_t i = 0; i < 8; ++i) {
      stored[32 + i] = static_cast<char>(number >> (8 * i));
    }
  };
  put(XXH3_64bits(stored.data() + 40, stored.size() - 40));
  put(XXH3_64bits(stored.data(), 40));
  return stored;
}

TEST(EnvelopeFaults, Fault30_AnotherFormatIsAMiss) {
  std::string stored = Sample();
  ASSERT_EQ(Sealed(stored), stored);
  stored[3] = 2;
  ExpectMiss(Sealed(stored));
}

TEST(EnvelopeFaults, Fault30_ATableVersionThatContradictsTheHashIsAMiss) {
  std::string stored = Sample();
  stored[4] = 4;
  ExpectMiss(Sealed(stored));
  ExpectMiss(Sealed(stored), Call("t", 4, "some key"));
}

TEST(EnvelopeFaults, Fault30_ForeignBytesAreAMiss) {
  ExpectMiss("");
  ExpectMiss("forty-two");
  ExpectMiss(std::string(1000, '\0'));
  ExpectMiss(std::string(1000, '\xff'));
}

TEST(EnvelopeFaults, Fault30_EverySingleBitFlipIsAMiss) {
  const std::string whole = Sample();
  for (size_t byte = 0; byte < whole.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      ASSERT_EQ(DecodeEnvelope(kCall, damaged, kNow).status().code(),
                absl::StatusCode::kNotFound)
          << "byte " << byte << " bit " << bit;
    }
  }
}

TEST(EnvelopeFaults, Fault30_EveryTruncationIsAMiss) {
  const std::string whole = Sample();
  for (size_t size = 0; size < whole.size(); ++size) {
    ExpectMiss(std::string_view(whole).substr(0, size));
  }
}

TEST(EnvelopeFaults, Fault30_BytesBehindTheEndAreAMiss) {
  ExpectMiss(Sample() + '\0');
  ExpectMiss(Sample() + Sample());
}

}  // namespace
}  // namespace frontrunner
