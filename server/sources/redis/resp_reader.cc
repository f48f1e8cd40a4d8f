#include "server/sources/redis/resp_reader.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"

namespace frontrunner {
namespace {

/// Redis never sends a longer status or error, and no line of ours is longer
/// than a number.
constexpr size_t kMaxLine = 4096;
/// What Redis itself allows.
constexpr int64_t kMaxBulk = int64_t{512} << 20;
constexpr int64_t kMaxElements = 1024;
/// What hiredis is fed in place of a bulk that is dropped.
constexpr std::string_view kTooLargeLine = "-FRONTRUNNER-TOO-LARGE\r\n";
constexpr std::string_view kTooLargeWord = "FRONTRUNNER-TOO-LARGE";
/// A buffer that has grown further is given back.
constexpr size_t kKeptText = size_t{64} << 10;

/// The number in "$12\r\n"; nullopt where there is none, or one that no length
/// can be.
std::optional<int64_t> LengthIn(std::string_view line) {
  std::string_view digits = line.substr(1, line.size() - 3);
  if (digits == "-1") return -1;
  if (digits.empty() || digits.size() > 15) return std::nullopt;
  int64_t number = 0;
  for (char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  return number;
}

std::string_view FirstWord(std::string_view text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

/// What hiredis calls to make replies. None of them makes an object: the one
/// reply is in the reader, with the elements of an array that are kept.
struct RespReplies {
  static void* Made(const redisReadTask* task, RespKind kind,
                    std::string_view text) {
    auto& reader = *static_cast<RespReader*>(task->privdata);
    if (task->parent != nullptr) {
      KeepElement(*task, kind, text, reader);
      return &reader;
    }
    reader.reply_ = {.kind = static_cast<int>(kind)};
    // An array's reply is made before its elements have come: it must not
    // point into what is replaced in between.
    if (text.empty()) return &reader;
    reader.text_.assign(text);
    (kind == RespKind::kBulk ? reader.reply_.body : reader.reply_.line) =
        reader.text_;
    return &reader;
  }

  static void KeepElement(const redisReadTask& task, RespKind kind,
                          std::string_view text, RespReader& reader) {
    const auto index = static_cast<size_t>(task.idx);
    if (kind != RespKind::kBulk || task.parent->parent != nullptr ||
        index >= reader.elements_.size() || text.size() > reader.max_element_) {
      return;
    }
    reader.elements_[index].assign(text);
  }

  static void* String(const redisReadTask* task, char* bytes, size_t size) {
    const std::string_view text(bytes, size);
    switch (task->type) {
      case REDIS_REPLY_STATUS:
        return Made(task, RespKind::kStatus, text);
      case REDIS_REPLY_ERROR:
        if (text == kTooLargeWord) return Made(task, RespKind::kTooLarge, {});
        return Made(task, RespKind::kError, FirstWord(text));
      default:
        return Made(task, RespKind::kBulk, text);
    }
  }
  static void* Array(const redisReadTask* task, int /*elements*/) {
    if (task->parent == nullptr) {
      auto& reader = *static_cast<RespReader*>(task->privdata);
      for (std::string& element : reader.elements_) element.clear();
    }
    return Made(task, RespKind::kArray, {});
  }
  static void* Integer(const redisReadTask* task, long long number) {
    return Made(task, RespKind::kInteger, std::to_string(number));
  }
  static void* Nil(const redisReadTask* task) {
    return Made(task, RespKind::kNil, {});
  }
  static void Free(void* /*reply*/) {}

  // hiredis wants it without const, and does not change it.
  static inline redisReplyObjectFunctions functions = {String, Array, Integer,
                                                       Nil, Free};
};

RespReader::RespReader(size_t max_bulk, size_t max_element)
    : max_bulk_(max_bulk),
      max_element_(max_element),
      reader_(redisReaderCreateWithFunctions(&RespReplies::functions)) {
  if (reader_ == nullptr) {
    Fail("out of memory");
  } else {
    reader_->privdata = this;
  }
}

RespReader::~RespReader() = default;

size_t RespReader::held() const {
  return line_.capacity() + text_.capacity() +
         (reader_ == nullptr ? 0 : reader_->len);
}

void RespReader::Pass(std::string_view bytes) {
  if (bytes.empty()) return;
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    Fail("out of memory");
  }
}

void RespReader::Feed(std::string_view bytes) {
  // An assignment may keep the memory.
  if (text_.capacity() > kKeptText) std::string().swap(text_);
  // Bytes before `passed` have been given to hiredis or dropped.
  size_t passed = 0;
  size_t at = 0;
  while (at < bytes.size() && failure_ == nullptr) {
    if (bulk_left_ > 0) {
      const size_t taken = TakeBulk(bytes.substr(at));
      // A value that does not end where it should is not handed on.
      if (failure_ != nullptr) break;
      at += taken;
      if (dropping_) passed = at;
      if (bulk_left_ == 0) dropping_ = false;
      continue;
    }
    const size_t end = bytes.find('\n', at);
    if (end == std::string_view::npos) {
      Pass(bytes.substr(passed, at - passed));
      passed = bytes.size();
      line_.append(bytes.substr(at));
      if (line_.size() > kMaxLine) Fail("a line without an end");
      break;
    }
    const std::string_view rest = bytes.substr(at, end + 1 - at);
    const bool was_split = !line_.empty();
    if (was_split) line_.append(rest);
    switch (Judge(was_split ? std::string_view(line_) : rest)) {
      case Verdict::kPass:
        if (was_split) {
          Pass(line_);
          passed = end + 1;
        }
        break;
      case Verdict::kDrop:
        Pass(bytes.substr(passed, at - passed));
        Pass(kTooLargeLine);
        passed = end + 1;
        break;
      case Verdict::kNonsense:
        break;
    }
    if (failure_ != nullptr) break;
    line_.clear();
    at = end + 1;
  }
  // What came before the nonsense is still good.
  if (at > passed) Pass(bytes.substr(passed, at - passed));
}

size_t RespReader::TakeBulk(std::string_view bytes) {
  const size_t taken = std::min(bulk_left_, bytes.size());
  bulk_left_ -= taken;
  // The line end that must follow shows whether the length was true.
  constexpr std::string_view kEnd = "\r\n";
  for (size_t i = bulk_left_; i < kEnd.size() && i < bulk_left_ + taken; ++i) {
    if (bytes[taken - 1 - (i - bulk_left_)] != kEnd[kEnd.size() - 1 - i]) {
      Fail("a length that is not the value's");
    }
  }
  return taken;
}

RespReader::Verdict RespReader::Judge(std::string_view line) {
  if (line.size() > kMaxLine || line.size() < 3 ||
      line[line.size() - 2] != '\r') {
    Fail("a line that is none");
    return Verdict::kNonsense;
  }
  switch (line[0]) {
    case '+':
    case '-':
    case ':':
      return Verdict::kPass;
    case '*': {
      const std::optional<int64_t> elements = LengthIn(line);
      if (elements && *elements <= kMaxElements) return Verdict::kPass;
      Fail("an array of senseless length");
      return Verdict::kNonsense;
    }
    case '$': {
      const std::optional<int64_t> size = LengthIn(line);
      if (!size || *size > kMaxBulk) {
        Fail("a value of senseless length");
        return Verdict::kNonsense;
      }
      if (*size < 0) return Verdict::kPass;
      bulk_left_ = static_cast<size_t>(*size) + 2;
      dropping_ = static_cast<size_t>(*size) > max_bulk_;
      return dropping_ ? Verdict::kDrop : Verdict::kPass;
    }
    default:
      Fail("no reply begins like that");
      return Verdict::kNonsense;
  }
}

absl::StatusOr<std::optional<CacheReply>> RespReader::Next() {
  void* made = nullptr;
  if (reader_ != nullptr &&
      redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    return absl::UnavailableError("it does not speak the Redis protocol");
  }
  if (made != nullptr) {
    if (reply_.kind == static_cast<int>(RespKind::kArray)) {
      // Only now, since they have come after it.
      reply_.line = elements_[0];
      reply_.body = elements_[1];
    }
    return reply_;
  }
  if (failure_ != nullptr) {
    return absl::UnavailableError(
        std::string("it does not speak the Redis protocol: ") + failure_);
  }
  return std::nullopt;
}

}  // namespace frontrunner
