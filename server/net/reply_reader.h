#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace frontrunner {

/// One reply of a cache, in the shape that all their protocols share: a line
/// and perhaps a body. What `kind` and `line` mean is agreed between a
/// protocol's reader and its commands. The views are valid until the reader is
/// touched again.
struct CacheReply {
  int kind = 0;
  /// Without its line end.
  std::string_view line;
  std::string_view body;
};

/// Turns the bytes of one connection into replies. No I/O and no clock; one per
/// connection attempt, used by one thread.
///
/// It holds no more than what was fed and one reply that is not whole yet, and
/// refuses or skips a body above its protocol's cap instead of holding it.
class ReplyReader {
 public:
  virtual ~ReplyReader() = default;

  /// Takes in the next bytes, however they were split.
  virtual void Feed(std::string_view bytes) = 0;

  /// The next whole reply; nullopt: more bytes are needed. An error means that
  /// the stream makes no sense (any more): the connection is closed, and the
  /// reader not asked again. Its message holds no bytes of the stream.
  virtual absl::StatusOr<std::optional<CacheReply>> Next() = 0;
};

}  // namespace frontrunner
