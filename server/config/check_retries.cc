#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/checks.h"
#include "server/config/proto_time.h"
#include "server/config/units.h"

namespace frontrunner::config {
namespace {

constexpr std::array<const char*, 5> kSchedule = {"initial", "multiplier",
                                                  "max", "attempts", "jitter"};

/// Those of a schedule that the file has beside a list of delays.
void CheckOneWay(const Path& path, Findings& findings) {
  const Path backoff = Join(path, "backoff");
  if (!findings.IsGiven(backoff)) return;
  std::vector<std::string> found;
  for (const char* field : kSchedule) {
    if (findings.IsGiven(Join(path, field))) found.emplace_back(field);
  }
  if (found.empty()) return;
  findings.Add(findings.PlaceOf(backoff),
               absl::StrCat(Show(path), " has backoff and ",
                            absl::StrJoin(found, " and "),
                            " at once; allowed: backoff, or a schedule of ",
                            absl::StrJoin(kSchedule, ", ")));
}

void CheckSchedule(const v1::Retry& retry, const Path& path,
                   Findings& findings) {
  const Path most = Join(path, "max");
  if (findings.IsGiven(Join(path, "backoff"))) return;
  const Duration initial = ToDuration(retry.initial());
  const Duration max = ToDuration(retry.max());
  if (max >= initial) return;
  findings.Add(findings.PlaceOf(most),
               absl::StrCat(Show(most), " is ", DurationText(max),
                            "; allowed: at least initial, which is ",
                            DurationText(initial)));
}

void CheckRetry(const v1::Source& source, const Path& path,
                Findings& findings) {
  if (!source.has_retry()) return;
  if (source.has_memory()) {
    findings.Add(findings.PlaceOf(path),
                 absl::StrCat(Show(path),
                              " is of a memory source, which never fails; "
                              "allowed: a retry of any other kind"));
  }
  CheckOneWay(path, findings);
  CheckSchedule(source.retry(), path, findings);
}

}  // namespace

void CheckRetries(const v1::Config& config, Findings& findings) {
  for (const auto& [name, source] : config.sources()) {
    CheckRetry(source, Join(Join("sources", name), "retry"), findings);
  }
}

}  // namespace frontrunner::config
