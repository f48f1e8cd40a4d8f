#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/net/reply_reader.h"
#include "server/sources/memcached/meta_codec.h"

namespace frontrunner {

/// The opaque numbers of one server's commands, in the order in which they are
/// written. Shared by those who write and the reader; one loop.
struct OpaqueNumbers {
  uint64_t next = 0;
};

/// Reads a connection's meta replies: first that to the greeting, which has no
/// number, then those to commands. It sees to it that they come in step: each
/// with the number of the oldest one not yet answered. A reply out of step is
/// an error before anybody gets it. Numbers go on from one connection to the
/// next, so replies of an earlier one don't fit either.
///
/// CacheReply::kind is a MetaReply::Kind, `line` an error's message, `body` a
/// value.
class MetaReader final : public ReplyReader {
 public:
  /// To be made when the last connection's commands are written and the new
  /// one's are not.
  MetaReader(MetaParser::Limits limits, std::shared_ptr<OpaqueNumbers> numbers);

  void Feed(std::string_view bytes) override;
  absl::StatusOr<std::optional<CacheReply>> Next() override;

 private:
  /// Whether reply_ is the one that is due.
  absl::Status CheckStep();

  MetaParser parser_;
  const std::shared_ptr<OpaqueNumbers> numbers_;
  bool greeted_ = false;
  /// Of the next reply.
  uint64_t expected_;
  /// Fed, and not taken from read_ on.
  std::string fed_;
  size_t read_ = 0;
  MetaReply reply_;
  /// The last reply was one after which the stream can't be trusted.
  bool lost_ = false;
};

}  // namespace frontrunner
