#include "server/admin/exposition.h"

#include <gtest/gtest.h>

namespace frontrunner {
namespace {

using Kind = Exposition::Kind;

TEST(Exposition, AFamilySaysWhatItIsAndHasItsSamplesBehindIt) {
  Exposition out;
  out.Family("a_total", Kind::kCounter, "Some.");
  out.Sample({{"x", "1"}, {"y", "2"}}, 3);
  out.Sample({{"x", "4"}, {"y", "5"}}, UINT64_MAX);
  out.Family("b", Kind::kGauge, "Others.");
  out.Sample({}, 0);
  EXPECT_EQ(out.text(),
            "# HELP a_total Some.\n"
            "# TYPE a_total counter\n"
            "a_total{x=\"1\",y=\"2\"} 3\n"
            "a_total{x=\"4\",y=\"5\"} 18446744073709551615\n"
            "# HELP b Others.\n"
            "# TYPE b gauge\n"
            "b 0\n");
}

TEST(Exposition, ASummaryHasASumInSecondsAndACount) {
  Exposition out;
  out.Family("a_seconds", Kind::kSummary, "Time.");
  out.Summary({{"x", "1"}}, Duration(12'000'000'345), 7);
  EXPECT_EQ(out.text(),
            "# HELP a_seconds Time.\n"
            "# TYPE a_seconds summary\n"
            "a_seconds_sum{x=\"1\"} 12.000000345\n"
            "a_seconds_count{x=\"1\"} 7\n");
}

TEST(Exposition, WhatWouldEndALabelOrALineIsEscaped) {
  Exposition out;
  out.Family("a", Kind::kGauge, "One\\two\nthree \"four\".");
  out.Sample({{"x", "\\ \" \n ä"}}, 1);
  EXPECT_EQ(out.text(),
            "# HELP a One\\\\two\\nthree \"four\".\n"
            "# TYPE a gauge\n"
            "a{x=\"\\\\ \\\" \\n ä\"} 1\n");
}

}  // namespace
}  // namespace frontrunner
