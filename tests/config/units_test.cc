#include "server/config/units.h"

#include <gtest/gtest.h>

#include <string>

namespace frontrunner::config {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ns;

TEST(ParseDuration, TakesWholeNumbersWithUnits) {
  EXPECT_EQ(ParseDuration("250ms"), 250ms);
  EXPECT_EQ(ParseDuration("2s"), 2s);
  EXPECT_EQ(ParseDuration("1m"), 1min);
  EXPECT_EQ(ParseDuration("1h"), 1h);
  EXPECT_EQ(ParseDuration("0s"), 0s);
  EXPECT_EQ(ParseDuration("500us"), 500us);
  EXPECT_EQ(ParseDuration("7ns"), 7ns);
}

TEST(ParseDuration, AddsUnitsFromLargeToSmall) {
  EXPECT_EQ(ParseDuration("1h30m"), 90min);
  EXPECT_EQ(ParseDuration("1h2m3s4ms5us6ns"), 1h + 2min + 3s + 4ms + 5us + 6ns);
}

TEST(ParseDuration, RefusesAnythingElse) {
  for (const char* text :
       {"", "5", "s", "-1s", "+1s", " 1s", "1s ", "1 s", "1.5s", "1S", "1ms2s",
        "1s1s", "1sec", "1s2", "1d", "ten", "99999999999999999999s"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(ParseDuration, RefusesWhatDoesNotFit) {
  EXPECT_EQ(ParseDuration("9223372036854775807ns"), Duration::max());
  EXPECT_EQ(ParseDuration("9223372036854775808ns"), std::nullopt);
  EXPECT_EQ(ParseDuration("2562048h"), std::nullopt);
  EXPECT_EQ(ParseDuration("2562047h60m"), std::nullopt);
}

TEST(ParseSize, TakesBytesAndTheirMultiples) {
  EXPECT_EQ(ParseSize("100"), 100U);
  EXPECT_EQ(ParseSize("100B"), 100U);
  EXPECT_EQ(ParseSize("4KiB"), 4096U);
  EXPECT_EQ(ParseSize("64MiB"), 64U << 20);
  EXPECT_EQ(ParseSize("2GiB"), 2ULL << 30);
  EXPECT_EQ(ParseSize("1TiB"), 1ULL << 40);
  EXPECT_EQ(ParseSize("1KB"), 1000U);
  EXPECT_EQ(ParseSize("1MB"), 1000000U);
  EXPECT_EQ(ParseSize("1GB"), 1000000000U);
  EXPECT_EQ(ParseSize("1TB"), 1000000000000U);
  EXPECT_EQ(ParseSize("18446744073709551615"), UINT64_MAX);
}

TEST(ParseSize, RefusesAnythingElse) {
  for (const char* text :
       {"", "KiB", "-1", "1.5MiB", "1 MiB", "64M", "64k", "1mib", "1XiB",
        "18446744073709551616", "16777216TiB"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(ParseRatio, TakesPercent) {
  EXPECT_EQ(ParseRatio("0%"), 0.0);
  EXPECT_EQ(ParseRatio("10%"), 0.1);
  EXPECT_EQ(ParseRatio("12.5%"), 0.125);
  EXPECT_EQ(ParseRatio("250%"), 2.5);
}

TEST(ParseRatio, RefusesAnythingElse) {
  for (const char* text : {"", "%", "10", "0.1", "-1%", ".5%", "5.%", "1e3%",
                           "inf%", "nan%", "1.2.3%", "1%%", "1 %"}) {
    EXPECT_EQ(ParseRatio(text), std::nullopt) << text;
  }
}

TEST(ParseDecimal, TakesDigitsAndAPoint) {
  EXPECT_EQ(ParseDecimal("0"), 0.0);
  EXPECT_EQ(ParseDecimal("200"), 200.0);
  EXPECT_EQ(ParseDecimal("0.5"), 0.5);
  EXPECT_EQ(ParseDecimal("0.001"), 0.001);
}

TEST(ParseDecimal, RefusesAnythingElse) {
  for (const char* text : {"", ".", "-1", "+1", ".5", "5.", "1e3", "inf", "nan",
                           "1.2.3", " 1", "1 ", "1%", "1,5", "0x1"}) {
    EXPECT_EQ(ParseDecimal(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDecimal(std::string(400, '9')), std::nullopt);
}

TEST(DurationText, IsWhatParseDurationReads) {
  EXPECT_EQ(DurationText(0s), "0s");
  EXPECT_EQ(DurationText(10ms), "10ms");
  EXPECT_EQ(DurationText(90min), "1h30m");
  for (const Duration duration : {Duration(1ns), Duration(1s + 500us),
                                  Duration(25h + 59s), Duration::max()}) {
    EXPECT_EQ(ParseDuration(DurationText(duration)), duration);
  }
}

TEST(ParseNumber, TakesDigitsAlone) {
  EXPECT_EQ(ParseNumber("0"), 0U);
  EXPECT_EQ(ParseNumber("10000"), 10000U);
  for (const char* text :
       {"", "-1", "+1", " 1", "0x10", "1_000", "1.0", "18446744073709551616"}) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace frontrunner::config
