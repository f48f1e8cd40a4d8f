#include "server/rpc/lookup_response.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "frontrunner/v1/lookup.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "server/base/time.h"

namespace frontrunner {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

constexpr uint32_t Tag(int field, WireFormatLite::WireType type) {
  return static_cast<uint32_t>(field) << 3U | static_cast<uint32_t>(type);
}
constexpr uint32_t BytesTag(int field) {
  return Tag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}
constexpr uint32_t VarintTag(int field) {
  return Tag(field, WireFormatLite::WIRETYPE_VARINT);
}

// Every field number used here is below 16, so that its tag takes one byte.
constexpr size_t kTagSize = 1;

size_t BytesFieldSize(size_t length) {
  return kTagSize +
         CodedOutputStream::VarintSize32(static_cast<uint32_t>(length)) +
         length;
}

void AppendVarint(uint64_t value, std::string& out) {
  std::array<uint8_t, 10> buffer;
  const uint8_t* end =
      CodedOutputStream::WriteVarint64ToArray(value, buffer.data());
  out.append(buffer.begin(), buffer.begin() + (end - buffer.data()));
}

void AppendHead(int field, size_t length, std::string& out) {
  AppendVarint(BytesTag(field), out);
  AppendVarint(length, out);
}

void AppendBytes(int field, std::string_view bytes, std::string& out) {
  AppendHead(field, bytes.size(), out);
  out.append(bytes);
}

/// A google.protobuf.Duration of zero or more.
struct Span {
  explicit Span(Duration duration) {
    constexpr int64_t kNanosPerSecond = 1'000'000'000;
    const int64_t total = std::max<int64_t>(duration.count(), 0);
    seconds = static_cast<uint64_t>(total / kNanosPerSecond);
    nanos = static_cast<uint64_t>(total % kNanosPerSecond);
    if (seconds > 0)
      size += kTagSize + CodedOutputStream::VarintSize64(seconds);
    if (nanos > 0) size += kTagSize + CodedOutputStream::VarintSize64(nanos);
  }
  void AppendTo(int field, std::string& out) const {
    AppendHead(field, size, out);
    if (seconds > 0) {
      AppendVarint(VarintTag(google::protobuf::Duration::kSecondsFieldNumber),
                   out);
      AppendVarint(seconds, out);
    }
    if (nanos > 0) {
      AppendVarint(VarintTag(google::protobuf::Duration::kNanosFieldNumber),
                   out);
      AppendVarint(nanos, out);
    }
  }
  uint64_t seconds = 0;
  uint64_t nanos = 0;
  size_t size = 0;
};

}  // namespace

LookupResponseWriter::LookupResponseWriter(const Value& value,
                                           std::string_view source,
                                           const v1::RaceReport* report)
    : value_(value), source_(source), report_(report) {
  if (!value.bytes->empty()) size_ += BytesFieldSize(value.bytes->size());
  if (!source.empty()) size_ += BytesFieldSize(source.size());
  size_ += BytesFieldSize(Span(value.age).size);
  if (value.stale) size_ += kTagSize + 1;
  if (report != nullptr) {
    report_size_ = report->ByteSizeLong();
    size_ += BytesFieldSize(report_size_);
  }
  if (value.fresh_for) size_ += BytesFieldSize(Span(*value.fresh_for).size);
}

void LookupResponseWriter::AppendTo(std::string& out) const {
  using Response = v1::LookupResponse;
  out.reserve(out.size() + size_);
  if (!value_.bytes->empty()) {
    AppendBytes(Response::kValueFieldNumber, *value_.bytes, out);
  }
  if (!source_.empty()) {
    AppendBytes(Response::kSourceFieldNumber, source_, out);
  }
  Span(value_.age).AppendTo(Response::kAgeFieldNumber, out);
  if (value_.stale) {
    AppendVarint(VarintTag(Response::kStaleFieldNumber), out);
    AppendVarint(1, out);
  }
  if (report_ != nullptr) {
    AppendHead(Response::kReportFieldNumber, report_size_, out);
    report_->AppendToString(&out);
  }
  if (value_.fresh_for) {
    Span(*value_.fresh_for).AppendTo(Response::kFreshForFieldNumber, out);
  }
}

std::string FoundInBatch(std::string_view key,
                         const LookupResponseWriter& found) {
  using Response = v1::BatchLookupResponse;
  std::string out;
  out.reserve(BytesFieldSize(key.size()) + BytesFieldSize(found.size()));
  if (!key.empty()) AppendBytes(Response::kKeyFieldNumber, key, out);
  AppendHead(Response::kFoundFieldNumber, found.size(), out);
  found.AppendTo(out);
  return out;
}

}  // namespace frontrunner
