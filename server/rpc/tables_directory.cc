#include "server/rpc/tables_directory.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "server/base/strings.h"

namespace frontrunner {
namespace {

/// Longer names are not compared: a caller chooses them, and the comparison
/// costs their length squared.
constexpr size_t kMaxCompared = 64;
constexpr size_t kMaxNear = 3;

/// Insertions, deletions, replacements and swaps of neighbours that turn `a`
/// into `b`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped =
          i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

TablesDirectory::TablesDirectory(
    std::vector<std::shared_ptr<const Table>> tables)
    : tables_(std::move(tables)) {
  std::sort(tables_.begin(), tables_.end(), [](const auto& a, const auto& b) {
    return a->settings().name < b->settings().name;
  });
  for (const auto& table : tables_) {
    by_name_.emplace(table->settings().name, table.get());
  }
}

const Table* TablesDirectory::Find(std::string_view name) const {
  const auto it = by_name_.find(Absl(name));
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<std::string_view> TablesDirectory::NearNames(
    std::string_view name) const {
  if (name.size() > kMaxCompared) return {};
  // One slip in three letters, so that short names are not all alike.
  const size_t allowed = std::max<size_t>(1, name.size() / 3);
  std::vector<std::pair<size_t, std::string_view>> near;
  for (const auto& table : tables_) {
    const std::string_view other = table->settings().name;
    if (other.size() > name.size() + allowed) continue;
    const size_t distance = EditDistance(name, other);
    if (distance <= allowed && distance < other.size()) {
      near.emplace_back(distance, other);
    }
  }
  std::sort(near.begin(), near.end());
  if (near.size() > kMaxNear) near.resize(kMaxNear);
  std::vector<std::string_view> names;
  names.reserve(near.size());
  for (const auto& [distance, other] : near) names.push_back(other);
  return names;
}

}  // namespace frontrunner
