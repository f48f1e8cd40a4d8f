#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/duration.pb.h"

namespace frontrunner {

using Row = std::vector<std::string>;

/// Cells in columns two blanks apart, a line each, with nothing after a line's
/// last cell. Cells must be Printable.
std::string InColumns(const std::vector<Row>& rows);

/// "12.34ms", "3.5s".
std::string ShortDuration(const google::protobuf::Duration& duration);

/// A key as a cell: Printable, and cut to forty columns.
std::string KeyCell(std::string_view key);

}  // namespace frontrunner
