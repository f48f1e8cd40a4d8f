#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/rpc/admin_view.h"
#include "server/source_builder.h"
#include "server/tables/table.h"

namespace frontrunner {

/// The running server for AdminService: reads counters and settings where they
/// are. Thread-safe.
class RunningView final : public AdminView {
 public:
  struct TableEntry {
    std::shared_ptr<const Table> table;
    std::vector<EntrantView> entrants;
  };

  /// `sources` outlives this and does not change any more.
  RunningView(std::vector<TableEntry> tables,
              const std::vector<BuiltSource>& sources)
      : tables_(std::move(tables)), sources_(sources) {}

  std::vector<TableView> Tables() const override;
  std::vector<SourceView> Sources() const override;

 private:
  const std::vector<TableEntry> tables_;
  const std::vector<BuiltSource>& sources_;
};

}  // namespace frontrunner
