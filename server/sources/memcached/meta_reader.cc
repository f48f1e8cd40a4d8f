#include "server/sources/memcached/meta_reader.h"

#include <utility>

namespace frontrunner {

MetaReader::MetaReader(MetaParser::Limits limits,
                       std::shared_ptr<OpaqueNumbers> numbers)
    : parser_(limits),
      numbers_(std::move(numbers)),
      expected_(numbers_->next) {}

void MetaReader::Feed(std::string_view bytes) {
  fed_.erase(0, read_);
  read_ = 0;
  fed_.append(bytes);
}

absl::StatusOr<std::optional<CacheReply>> MetaReader::Next() {
  if (lost_) {
    return absl::InternalError("the server did not understand a command");
  }
  std::string_view rest = std::string_view(fed_).substr(read_);
  auto reply = parser_.Parse(rest);
  read_ = fed_.size() - rest.size();
  if (!reply.ok()) {
    return reply.status();
  }
  if (!reply->has_value()) {
    return std::nullopt;
  }
  reply_ = *std::move(*reply);
  if (absl::Status step = CheckStep(); !step.ok()) {
    return step;
  }
  lost_ = reply_.kind == MetaReply::Kind::kClientError;
  return CacheReply{.kind = static_cast<int>(reply_.kind),
                    .line = reply_.message,
                    .body = reply_.value};
}

absl::Status MetaReader::CheckStep() {
  if (!greeted_) {
    greeted_ = true;
    return absl::OkStatus();
  }
  if (expected_ == numbers_->next) {
    return absl::InternalError("a reply that nobody asked for");
  }
  // Errors carry no number, but they have a command's place in line.
  if (reply_.opaque.value_or(expected_) != expected_ ||
      reply_.kind == MetaReply::Kind::kNoop) {
    return absl::InternalError("replies are out of step with commands");
  }
  ++expected_;
  return absl::OkStatus();
}

}  // namespace frontrunner
