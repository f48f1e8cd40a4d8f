#include "server/config/suggest.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "server/base/strings.h"

namespace frontrunner::config {
namespace {

/// How many letters have to be changed, added, removed or swapped with their
/// neighbour to make `a` into `b`.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> above(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string Nearest(std::string_view text,
                    const std::vector<std::string>& candidates) {
  // Nothing that long is a misspelt name, and the work grows with its length.
  constexpr size_t kMaxLength = 100;
  if (text.empty() || text.size() > kMaxLength) return "";
  const std::string lower = absl::AsciiStrToLower(Absl(text));
  const std::string* nearest = nullptr;
  // A third of the letters may be wrong, at least one but never all.
  const size_t most = std::max<size_t>(1, text.size() / 3);
  size_t least = std::min(most, text.size() - 1) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaxLength) continue;
    const size_t distance = Distance(lower, absl::AsciiStrToLower(candidate));
    if (distance < least) {
      least = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? "" : *nearest;
}

}  // namespace frontrunner::config
