#pragma once

#include <hiredis/read.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "server/net/reply_reader.h"

namespace frontrunner {

/// What CacheReply::kind is for Redis.
enum class RespKind {
  /// `line` is the text, e.g. "OK".
  kStatus = 1,
  /// `line` is the first word, e.g. "WRONGTYPE"; the rest may hold keys, and is
  /// not kept.
  kError,
  /// `line` is the number.
  kInteger,
  /// `body` is the value.
  kBulk,
  kNil,
  /// An array; `line` is its first element and `body` the second, where they
  /// are bulks that the reader keeps. All others are dropped.
  kArray,
  /// A bulk above the cap; it was dropped as it came.
  kTooLarge,
};

/// Reads the Redis protocol (RESP2) with hiredis, whose reader trusts every
/// length it is told. So lengths are looked at before it sees them: the bytes
/// of a bulk above the cap are dropped as they come, and hiredis is fed an
/// error in their place; lengths that make no sense end the connection.
class RespReader final : public ReplyReader {
 public:
  /// `max_bulk`: bytes of the largest bulk that is held. `max_element`: of the
  /// largest that is kept of an array; only what is published comes in arrays.
  explicit RespReader(size_t max_bulk, size_t max_element = 0);
  ~RespReader() override;

  void Feed(std::string_view bytes) override;
  absl::StatusOr<std::optional<CacheReply>> Next() override;

  /// Bytes held now.
  size_t held() const;

 private:
  friend struct RespReplies;
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  enum class Verdict { kPass, kDrop, kNonsense };

  /// Takes what there is of the bulk under way; returns how much that was.
  size_t TakeBulk(std::string_view bytes);
  /// Looks at a whole line, its end included, and sets up what follows it.
  Verdict Judge(std::string_view line);
  /// To hiredis.
  void Pass(std::string_view bytes);
  void Fail(const char* why) { failure_ = why; }

  const size_t max_bulk_;
  const size_t max_element_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  /// Why the stream makes no sense; null as long as it does.
  const char* failure_ = nullptr;

  /// The beginning of a line whose end has not come; hiredis has not seen it.
  std::string line_;
  /// What is left of the bulk under way, its line end included.
  size_t bulk_left_ = 0;
  /// It is above the cap.
  bool dropping_ = false;

  /// The reply that hiredis has made; it has one at a time.
  CacheReply reply_;
  std::string text_;
  /// Of an array.
  std::array<std::string, 2> elements_;
};

}  // namespace frontrunner
