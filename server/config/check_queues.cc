#include "absl/strings/str_cat.h"
#include "server/config/checks.h"

namespace frontrunner::config {
namespace {

void CheckQueue(const v1::Source& source, const Path& path,
                Findings& findings) {
  if (!source.has_limit()) return;
  if (source.has_memory()) {
    findings.Add(findings.PlaceOf(path),
                 absl::StrCat(Show(path),
                              " is of a memory source, which never waits; "
                              "allowed: a limit of any other kind"));
  }
  const Path burst = Join(path, "burst");
  if (findings.IsGiven(burst) && !findings.IsGiven(Join(path, "per_second"))) {
    findings.Add(findings.PlaceOf(burst),
                 absl::StrCat(Show(burst),
                              " is there, but no per_second; allowed: both, or "
                              "per_second alone"));
  }
}

}  // namespace

void CheckQueues(const v1::Config& config, Findings& findings) {
  for (const auto& [name, source] : config.sources()) {
    CheckQueue(source, Join(Join("sources", name), "limit"), findings);
  }
}

}  // namespace frontrunner::config
