#include "client/columns.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/durations.h"
#include "client/text.h"

namespace frontrunner {

std::string InColumns(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Columns(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) {
        line.append(widths[i] + 2 - Columns(row[i]), ' ');
      }
    }
    text += line + "\n";
  }
  return text;
}

std::string ShortDuration(const google::protobuf::Duration& duration) {
  const double milliseconds = Milliseconds(duration);
  return milliseconds < 1000 ? absl::StrFormat("%.4gms", milliseconds)
                             : absl::StrFormat("%.6gs", milliseconds / 1000);
}

std::string KeyCell(std::string_view key) {
  constexpr size_t kWidest = 40;
  return Printable(key, {.max_columns = kWidest});
}

}  // namespace frontrunner
