#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "frontrunner/config/v1/config.pb.h"
#include "server/loop/loop.h"
#include "server/rpc/admin_view.h"
#include "server/source_builder.h"
#include "server/tables/table.h"

namespace frontrunner {

/// A configured table, and its part on every loop.
struct BuiltTable {
  std::shared_ptr<const Table> table;
  /// One per loop, in their order. They outlive the calls to the table.
  std::vector<std::unique_ptr<TableShard>> shards;
  std::vector<EntrantView> entrants;
};

/// Builds tables from their configuration and the sources that are there.
class TableBuilder {
 public:
  /// Both outlive the builder and what it builds; the loops are those that the
  /// sources were built for.
  TableBuilder(std::vector<Loop*> loops,
               const std::vector<BuiltSource>& sources)
      : loops_(std::move(loops)), sources_(sources) {}

  /// `config` has been checked: its sources are there.
  BuiltTable Build(const std::string& name, const config::v1::Table& config,
                   const config::v1::Limits& limits) const;

 private:
  const BuiltSource& SourceNamed(const std::string& name) const;

  const std::vector<Loop*> loops_;
  const std::vector<BuiltSource>& sources_;
};

}  // namespace frontrunner
