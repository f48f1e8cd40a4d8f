#include "absl/strings/str_cat.h"
#include "server/config/checks.h"

namespace frontrunner::config {

void CheckOutstanding(const v1::Config& config, Findings& findings) {
  const v1::Outstanding& marks = config.outstanding();
  // A mark that could not be read is zero, and has been complained about.
  if (marks.high() == 0 || marks.low() <= marks.high()) return;
  findings.Add(findings.PlaceOf("outstanding/low"),
               absl::StrCat("outstanding.low is ", marks.low(),
                            "; allowed: at most outstanding.high, which is ",
                            marks.high()));
}

}  // namespace frontrunner::config
