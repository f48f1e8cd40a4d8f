#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/tables/table.h"

namespace frontrunner {

/// The tables of one configuration, by name. Never changes; thread-safe. It and
/// its tables outlive the calls that were given one.
class TablesDirectory {
 public:
  explicit TablesDirectory(std::vector<std::shared_ptr<const Table>> tables);

  /// Null where there is none of that name.
  const Table* Find(std::string_view name) const;

  /// The names that `name` may be a slip of, nearest first, at most three.
  std::vector<std::string_view> NearNames(std::string_view name) const;

  /// In alphabetical order.
  const std::vector<std::shared_ptr<const Table>>& tables() const {
    return tables_;
  }

 private:
  std::vector<std::shared_ptr<const Table>> tables_;
  absl::flat_hash_map<std::string, const Table*> by_name_;
};

}  // namespace frontrunner
