#include "server/rpc/lookup_response.h"

#include <gtest/gtest.h>

#include <limits>

#include "frontrunner/v1/lookup.pb.h"
#include "server/rpc/durations.h"

namespace frontrunner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What the generated class would have written.
v1::LookupResponse Generated(const Value& value, const std::string& source,
                             const v1::RaceReport* report) {
  v1::LookupResponse response;
  response.set_value(*value.bytes);
  response.set_source(source);
  SetDuration(std::max(value.age, Duration(0)), *response.mutable_age());
  response.set_stale(value.stale);
  if (report != nullptr) *response.mutable_report() = *report;
  if (value.fresh_for) {
    SetDuration(*value.fresh_for, *response.mutable_fresh_for());
  }
  return response;
}

Value ValueOf(std::string bytes) {
  Value value;
  value.bytes = MakeBytes(std::move(bytes));
  return value;
}

void ExpectSame(const Value& value, const std::string& source,
                const v1::RaceReport* report) {
  const LookupResponseWriter writer(value, source, report);
  std::string written;
  writer.AppendTo(written);
  EXPECT_EQ(written.size(), writer.size());
  EXPECT_EQ(written, Generated(value, source, report).SerializeAsString());

  v1::BatchLookupResponse in_batch;
  in_batch.set_key("some key");
  *in_batch.mutable_found() = Generated(value, source, report);
  EXPECT_EQ(FoundInBatch("some key", writer), in_batch.SerializeAsString());
}

TEST(LookupResponseWriter, WritesWhatTheGeneratedClassWould) {
  for (const size_t size : {0, 1, 127, 128, 16383, 16384, 1 << 20}) {
    for (const Duration age : {Duration(0), Duration(1), Duration(seconds(200)),
                               Duration(milliseconds(1'600'000'000'001))}) {
      Value value = ValueOf(std::string(size, '\xfe'));
      value.age = age;
      ExpectSame(value, "near", nullptr);
      value.stale = true;
      value.fresh_for = Duration(0);
      ExpectSame(value, "", nullptr);
      value.fresh_for = age;
      v1::RaceReport report;
      ExpectSame(value, "near", &report);
      report.add_entrants()->set_source(std::string(300, 's'));
      ExpectSame(value, "near", &report);
    }
  }
}

TEST(LookupResponseWriter, AnAgeBelowZeroIsZero) {
  Value value = ValueOf("v");
  value.age = milliseconds(-5);
  ExpectSame(value, "near", nullptr);
}

TEST(LookupResponseWriter, TheLongestDurationIsWritten) {
  Value value = ValueOf("v");
  value.fresh_for = Duration::max();
  ExpectSame(value, "near", nullptr);
}

}  // namespace
}  // namespace frontrunner
