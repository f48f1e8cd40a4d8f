#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/time.h"

namespace frontrunner::config {

/// How quantities are written in the configuration file. Each gives nullopt for
/// anything that is not exactly such a text, and for what is too large to hold.

/// "250ms", "1h30m", "0s": whole numbers with the units h, m, s, ms, us, ns,
/// each at most once and the larger first.
std::optional<Duration> ParseDuration(std::string_view text);

/// Bytes: "100", "100B", "4KiB", "64MiB", "1GB". KiB, MiB, GiB and TiB are
/// powers of 1024; KB, MB, GB and TB powers of 1000.
std::optional<uint64_t> ParseSize(std::string_view text);

/// "10%" is 0.1; "12.5%" too.
std::optional<double> ParseRatio(std::string_view text);

/// "200", "0.5": digits, and more digits behind a point.
std::optional<double> ParseDecimal(std::string_view text);

/// Digits and nothing else.
std::optional<uint64_t> ParseNumber(std::string_view text);

/// A duration, not negative, as ParseDuration reads it: "1h30m", "0s".
std::string DurationText(Duration duration);

/// Bytes, as ParseSize reads them: "64MiB", or "1000" where no unit divides it.
std::string SizeText(uint64_t bytes);

/// Not negative, as ParseRatio reads it: 0.1 is "10%". Twelve digits behind the
/// point at most.
std::string RatioText(double ratio);

/// Not negative, as ParseDecimal reads it: "0.5", "200". Likewise.
std::string DecimalText(double number);

}  // namespace frontrunner::config
