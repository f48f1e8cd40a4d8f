#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/checks.h"
#include "server/config/http_form.h"

namespace frontrunner::config {
namespace {

/// Without the key in it, one answer would be stored for every key.
void CheckKey(const v1::Http& http, const Path& path, Findings& findings) {
  constexpr absl::string_view kKey = "{key}";
  // One that could not be read is empty, and has been complained about.
  if (http.url().empty() || absl::StrContains(http.url(), kKey) ||
      absl::StrContains(http.body(), kKey)) {
    return;
  }
  const Path url = Join(path, "url");
  findings.Add(findings.PlaceOf(url),
               absl::StrCat(Show(path),
                            " has no {key} in url or body, so that every key "
                            "would have the same answer; allowed: {key} in one "
                            "of them at least"));
}

/// The URL is shown in logs and on pages, so it is no place for a password;
/// nor is it shown here.
void CheckUser(const v1::Http& http, const Path& path, Findings& findings) {
  if (!HasUser(http.url())) return;
  const Path url = Join(path, "url");
  findings.Add(findings.PlaceOf(url),
               absl::StrCat(Show(url),
                            " has a user before its host; allowed: none, but "
                            "headers may have Authorization"));
}

void CheckBody(const v1::Http& http, const Path& path, Findings& findings) {
  const Path body = Join(path, "body");
  if (http.method() != v1::GET || http.body().empty()) return;
  findings.Add(findings.PlaceOf(body),
               absl::StrCat(Show(body),
                            " is there, but method is GET, which sends none; "
                            "allowed: a body with POST"));
}

bool IsRedirect(uint32_t status) { return status >= 300 && status < 400; }

void CheckStatuses(const v1::Http& http, const Path& path, Findings& findings) {
  const auto& successes = http.success_statuses();
  const auto& misses = http.miss_statuses();
  const auto complain = [&](const char* field, uint32_t status,
                            absl::string_view why) {
    const Path place = Join(path, field);
    findings.Add(
        findings.PlaceOf(place),
        absl::StrCat(Show(place), " has ", status, ", which is ", why));
  };
  for (const auto& [field, statuses] :
       {std::pair("success_statuses", &successes),
        std::pair("miss_statuses", &misses)}) {
    const auto redirect =
        std::find_if(statuses->begin(), statuses->end(), IsRedirect);
    if (redirect == statuses->end()) continue;
    complain(field, *redirect,
             "a redirect; allowed: 200 to 299 and 400 to 599");
  }
  const auto both = std::find_first_of(successes.begin(), successes.end(),
                                       misses.begin(), misses.end());
  if (both == successes.end()) return;
  complain("success_statuses", *both,
           "among miss_statuses too; allowed: one of them");
}

void CheckValue(const v1::Http& http, const Path& path, Findings& findings) {
  const Path value = Join(path, "value");
  if (!http.has_pages() || !findings.IsGiven(value)) return;
  findings.Add(findings.PlaceOf(value),
               absl::StrCat(Show(path),
                            " has value and pages at once; allowed: one of "
                            "them, since the items of all pages are the "
                            "value"));
}

}  // namespace

void CheckHttp(const v1::Config& config, Findings& findings) {
  for (const auto& [name, source] : config.sources()) {
    if (!source.has_http()) continue;
    const Path path = Join(Join("sources", name), "http");
    CheckKey(source.http(), path, findings);
    CheckUser(source.http(), path, findings);
    CheckBody(source.http(), path, findings);
    CheckValue(source.http(), path, findings);
    CheckStatuses(source.http(), path, findings);
  }
}

}  // namespace frontrunner::config
