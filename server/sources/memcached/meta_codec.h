#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/time.h"
#include "server/sources/memcached/stored_key.h"

namespace frontrunner {

/// memcached's meta commands, without I/O. Every command carries an opaque
/// number which comes back with its reply, so that a stream which has lost step
/// is noticed before a value reaches the wrong caller. (1.6.18 returns it with
/// misses too; older servers do not.)

/// Append mg, ms and md to what is to be sent.
void AppendGet(std::string& out, const StoredKey& key, uint64_t opaque);
void AppendSet(std::string& out, const StoredKey& key, uint64_t opaque,
               uint32_t ttl_seconds, std::string_view value);
void AppendDelete(std::string& out, const StoredKey& key, uint64_t opaque);

/// mn, which does nothing and is answered with MN.
inline constexpr std::string_view kNoopCommand = "mn\r\n";

/// A time to live as memcached counts it: whole seconds, 0 for no expiry. Never
/// shorter than `ttl`, except that it ends at thirty days: beyond that
/// memcached takes the number for a date.
uint32_t MemcachedTtl(std::optional<Duration> ttl);

struct MetaReply {
  enum class Kind {
    /// VA: `value`.
    kValue,
    /// VA with a value above the cap: its bytes have been passed over.
    kTooLarge,
    /// HD.
    kDone,
    /// EN, NF.
    kMiss,
    /// NS, EX.
    kNotStored,
    /// MN: the answer to mn, without an opaque number.
    kNoop,
    /// SERVER_ERROR: this command failed, the stream is in step.
    kServerError,
    /// ERROR, CLIENT_ERROR: the server did not understand the command, and may
    /// take what belongs to it for the next one. The stream is of no more use.
    kClientError,
  };
  Kind kind = Kind::kDone;
  /// Errors and MN carry none.
  std::optional<uint64_t> opaque;
  std::string value;
  /// What the server said of an error; printable, and short.
  std::string message;
};

/// Takes a stream of replies apart, however it is cut. Holds at most one line
/// and one value within the limits, whatever the peer sends. No threads.
class MetaParser {
 public:
  struct Limits {
    /// Bytes of a reply's line, with its end.
    size_t max_line = 2048;
    /// Bytes of a value that is kept.
    size_t max_value = size_t{1} << 20;
    /// Bytes of a value that is passed over so that the stream goes on; one yet
    /// larger is an error.
    size_t max_skipped = size_t{64} << 20;
  };

  explicit MetaParser(Limits limits) : limits_(limits) {}

  /// Takes bytes off the front of `bytes` until a reply is complete or none are
  /// left. The reply; nullopt: it needs more. An error (kInternal) when
  /// the peer does not speak the protocol; the parser stays with it.
  absl::StatusOr<std::optional<MetaReply>> Parse(std::string_view& bytes);

 private:
  enum class State { kLine, kValue, kValueEnd };

  /// Takes up to a line's end; the line without it, or nullopt for more.
  absl::StatusOr<std::optional<std::string_view>> TakeLine(
      std::string_view& bytes);
  /// True: reply_ is complete. False: a value follows.
  absl::StatusOr<bool> ParseLine(std::string_view line);
  absl::Status ParseFlags(std::string_view flags);
  absl::Status BeginValue(std::string_view length);
  /// True: all of it is there.
  bool TakeValue(std::string_view& bytes);
  absl::StatusOr<bool> TakeValueEnd(std::string_view& bytes);
  absl::StatusOr<bool> Step(std::string_view& bytes);

  const Limits limits_;
  State state_ = State::kLine;
  absl::Status broken_;
  /// The beginning of a line whose end has not come yet.
  std::string line_;
  MetaReply reply_;
  size_t missing_ = 0;  // bytes of the value, or of its line end
};

}  // namespace frontrunner
