#include "absl/strings/str_cat.h"
#include "server/config/checks.h"

namespace frontrunner::config {

void CheckLimits(const v1::Config& config, Findings& findings) {
  const v1::Limits& limits = config.limits();
  // A limit that could not be read is zero, and has been complained about.
  if (limits.max_key() == 0 || limits.max_value() == 0 ||
      limits.max_message() == 0) {
    return;
  }
  // The names of the table and the fields around them, generously.
  constexpr uint64_t kAround = 1024;
  const uint64_t least = limits.max_key() + limits.max_value() + kAround;
  if (limits.max_message() >= least) return;
  findings.Add(
      findings.PlaceOf("limits/max_message"),
      absl::StrCat("limits.max_message is ", limits.max_message(),
                   " bytes; allowed: at least ", least,
                   ", which is max_key, max_value and 1KiB around them"));
}

}  // namespace frontrunner::config
