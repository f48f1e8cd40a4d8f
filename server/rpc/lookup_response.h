#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "frontrunner/v1/race.pb.h"
#include "server/race/value.h"

namespace frontrunner {

/// A frontrunner.v1.LookupResponse in its wire form, written by hand: the
/// generated class would copy the value once into itself and once more into the
/// message, and a hit in memory costs little else.
class LookupResponseWriter {
 public:
  /// All three outlive the writer; `report` may be null.
  LookupResponseWriter(const Value& value, std::string_view source,
                       const v1::RaceReport* report);

  size_t size() const { return size_; }
  /// Appends size() bytes, the same that the generated class would write.
  void AppendTo(std::string& out) const;

 private:
  const Value& value_;
  const std::string_view source_;
  const v1::RaceReport* const report_;
  size_t report_size_ = 0;
  size_t size_ = 0;
};

/// A frontrunner.v1.BatchLookupResponse with `key` and `found`.
std::string FoundInBatch(std::string_view key,
                         const LookupResponseWriter& found);

}  // namespace frontrunner
