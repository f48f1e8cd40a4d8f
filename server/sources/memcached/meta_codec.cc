#include "server/sources/memcached/meta_codec.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr size_t kMaxMessage = 100;
constexpr std::chrono::seconds kMaxTtl = std::chrono::hours(24 * 30);

absl::string_view KeyFlag(const StoredKey& key) {
  return key.base64 ? " b" : "";
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) {
    return std::nullopt;
  }
  return number;
}

/// Takes the next word off the front of a line.
std::string_view TakeWord(std::string_view& line) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(std::min(space + 1, line.size()));
  return word;
}

/// What a server says goes into logs and to callers: printable, and short.
std::string Printable(std::string_view text) {
  std::string result(text.substr(0, kMaxMessage));
  std::ranges::replace_if(
      result, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return result;
}

}  // namespace

void AppendGet(std::string& out, const StoredKey& key, uint64_t opaque) {
  absl::StrAppend(&out, "mg ", key.text, " v O", opaque, KeyFlag(key), "\r\n");
}

void AppendSet(std::string& out, const StoredKey& key, uint64_t opaque,
               uint32_t ttl_seconds, std::string_view value) {
  absl::StrAppend(&out, "ms ", key.text, " ", value.size());
  absl::StrAppend(&out, " T", ttl_seconds, " O", opaque, KeyFlag(key), "\r\n");
  absl::StrAppend(&out, Absl(value), "\r\n");
}

void AppendDelete(std::string& out, const StoredKey& key, uint64_t opaque) {
  absl::StrAppend(&out, "md ", key.text, " O", opaque, KeyFlag(key), "\r\n");
}

uint32_t MemcachedTtl(std::optional<Duration> ttl) {
  if (!ttl.has_value()) {
    return 0;
  }
  if (*ttl >= kMaxTtl) {
    return kMaxTtl.count();
  }
  // memcached's clock moves once a second, so that a second asked for may be
  // over at once. One more never hurts: the envelope knows the exact expiry.
  const auto whole =
      std::chrono::ceil<std::chrono::seconds>(*ttl) + std::chrono::seconds(1);
  return static_cast<uint32_t>(
      std::clamp(whole, std::chrono::seconds(1), kMaxTtl).count());
}

absl::StatusOr<std::optional<MetaReply>> MetaParser::Parse(
    std::string_view& bytes) {
  while (broken_.ok() && !bytes.empty()) {
    const absl::StatusOr<bool> complete = Step(bytes);
    if (!complete.ok()) {
      broken_ = complete.status();
    } else if (*complete) {
      state_ = State::kLine;
      return std::exchange(reply_, MetaReply());
    }
  }
  if (!broken_.ok()) {
    return broken_;
  }
  return std::nullopt;
}

absl::StatusOr<bool> MetaParser::Step(std::string_view& bytes) {
  switch (state_) {
    case State::kLine: {
      auto line = TakeLine(bytes);
      if (!line.ok()) {
        return line.status();
      }
      if (!line->has_value()) {
        return false;
      }
      auto complete = ParseLine(**line);
      line_.clear();
      return complete;
    }
    case State::kValue:
      if (TakeValue(bytes)) {
        state_ = State::kValueEnd;
        missing_ = kLineEnd.size();
      }
      return false;
    case State::kValueEnd:
      return TakeValueEnd(bytes);
  }
  return absl::InternalError("unreachable");
}

absl::StatusOr<std::optional<std::string_view>> MetaParser::TakeLine(
    std::string_view& bytes) {
  const size_t room = limits_.max_line - line_.size();
  const size_t newline = bytes.substr(0, room).find('\n');
  if (newline == std::string_view::npos) {
    if (bytes.size() >= room) {
      return absl::InternalError("a reply's line is too long");
    }
    line_.append(bytes);
    bytes = {};
    return std::nullopt;
  }
  std::string_view line = bytes.substr(0, newline + 1);
  if (!line_.empty()) {
    line_.append(line);
    line = line_;
  }
  bytes.remove_prefix(newline + 1);
  if (!line.ends_with(kLineEnd)) {
    return absl::InternalError("a reply's line does not end as it should");
  }
  line.remove_suffix(kLineEnd.size());
  return line;
}

absl::StatusOr<bool> MetaParser::ParseLine(std::string_view line) {
  using Kind = MetaReply::Kind;
  const std::string_view word = TakeWord(line);
  if (word == "SERVER_ERROR" || word == "CLIENT_ERROR" || word == "ERROR") {
    reply_.kind =
        word == "SERVER_ERROR" ? Kind::kServerError : Kind::kClientError;
    reply_.message = Printable(line.empty() ? word : line);
    return true;
  }
  if (word == "MN" && line.empty()) {
    reply_.kind = Kind::kNoop;
    return true;
  }
  bool complete = true;
  if (word == "VA") {
    if (absl::Status begun = BeginValue(TakeWord(line)); !begun.ok()) {
      return begun;
    }
    complete = false;
  } else if (word == "HD") {
    reply_.kind = Kind::kDone;
  } else if (word == "EN" || word == "NF") {
    reply_.kind = Kind::kMiss;
  } else if (word == "NS" || word == "EX") {
    reply_.kind = Kind::kNotStored;
  } else {
    return absl::InternalError("a reply is not memcached's meta protocol");
  }
  if (absl::Status flags = ParseFlags(line); !flags.ok()) {
    return flags;
  }
  return complete;
}

absl::Status MetaParser::ParseFlags(std::string_view flags) {
  while (!flags.empty()) {
    const std::string_view flag = TakeWord(flags);
    if (flag.starts_with('O')) {
      reply_.opaque = ParseNumber<uint64_t>(flag.substr(1));
    }
  }
  if (!reply_.opaque.has_value()) {
    return absl::InternalError("a reply lacks our opaque number");
  }
  return absl::OkStatus();
}

absl::Status MetaParser::BeginValue(std::string_view length) {
  const auto size = ParseNumber<size_t>(length);
  if (!size.has_value()) {
    return absl::InternalError("a reply's length is not a number");
  }
  if (*size > std::max(limits_.max_value, limits_.max_skipped)) {
    return absl::InternalError("a reply's length is beyond all bounds");
  }
  if (*size <= limits_.max_value) {
    reply_.kind = MetaReply::Kind::kValue;
    reply_.value.reserve(*size);
  } else {
    reply_.kind = MetaReply::Kind::kTooLarge;
  }
  missing_ = *size;
  state_ = State::kValue;
  return absl::OkStatus();
}

bool MetaParser::TakeValue(std::string_view& bytes) {
  const size_t taken = std::min(missing_, bytes.size());
  if (reply_.kind == MetaReply::Kind::kValue) {
    reply_.value.append(bytes.substr(0, taken));
  }
  bytes.remove_prefix(taken);
  missing_ -= taken;
  return missing_ == 0;
}

absl::StatusOr<bool> MetaParser::TakeValueEnd(std::string_view& bytes) {
  if (bytes.front() != kLineEnd[kLineEnd.size() - missing_]) {
    return absl::InternalError("a value is longer than its announced length");
  }
  bytes.remove_prefix(1);
  --missing_;
  return missing_ == 0;
}

}  // namespace frontrunner
