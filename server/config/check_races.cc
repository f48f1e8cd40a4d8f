#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/checks.h"
#include "server/config/form.h"

namespace frontrunner::config {
namespace {

/// Those that are names: of the others the reader has complained.
std::vector<std::string> SourceNames(const v1::Config& config) {
  std::vector<std::string> names;
  for (const auto& [name, source] : config.sources()) {
    if (HasForm(name, v1::NAME)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The first few, so that the message stays one that people read.
std::string Few(const std::vector<std::string>& names) {
  constexpr size_t kMost = 20;
  if (names.empty()) return "none, since sources is empty";
  if (names.size() <= kMost) return absl::StrJoin(names, ", ");
  return absl::StrCat(absl::StrJoin(names.begin(), names.begin() + kMost, ", "),
                      " and ", names.size() - kMost, " more");
}

}  // namespace

void CheckRaces(const v1::Config& config, Findings& findings) {
  const std::vector<std::string> names = SourceNames(config);
  for (const auto& [table_name, table] : config.tables()) {
    const Path race = Join(Join("tables", table_name), "race");
    absl::flat_hash_set<std::string> seen;
    for (int i = 0; i < table.race_size(); ++i) {
      const std::string& source = table.race(i).source();
      const Path path = Item(race, i);
      const Place place = findings.PlaceOf(Join(path, "source"));
      if (source.empty()) continue;
      if (!config.sources().contains(source)) {
        findings.Add(place,
                     absl::StrCat(Show(path), " is the source ", Quote(source),
                                  ", which is not there; allowed: ", Few(names),
                                  DidYouMean(source, names)));
      } else if (!seen.insert(source).second) {
        findings.Add(place, absl::StrCat(Show(race), " has ", Quote(source),
                                         " twice; allowed: each once"));
      }
    }
  }
}

}  // namespace frontrunner::config
