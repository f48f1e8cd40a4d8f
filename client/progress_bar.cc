#include "client/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/columns.h"
#include "client/text.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr size_t kNarrowest = 10;
constexpr size_t kWidest = 40;
constexpr Duration kLongest = std::chrono::hours(99);

uint64_t Ended(const v1::PrefetchProgress& progress) {
  return std::min(progress.stored() + progress.failed() + progress.cancelled(),
                  progress.accepted());
}

// 0 to 1, and 1 only when all have ended.
double Share(const v1::PrefetchProgress& progress) {
  if (progress.accepted() == 0) return progress.finished() ? 1 : 0;
  return static_cast<double>(Ended(progress)) /
         static_cast<double>(progress.accepted());
}

std::string Bar(double share, size_t width) {
  const auto full = static_cast<size_t>(share * static_cast<double>(width));
  return absl::StrCat("[", std::string(full, '#'),
                      std::string(width - full, ' '), "] ");
}

std::string RateText(double per_second) {
  return per_second < 10 ? absl::StrFormat("%.1f/s", per_second)
                         : absl::StrFormat("%.0f/s", per_second);
}

std::string LeftText(const v1::PrefetchProgress& progress) {
  const auto left = static_cast<double>(progress.accepted() - Ended(progress));
  if (!(progress.per_second() > 0)) return "";
  const double seconds = left / progress.per_second();
  const double most = std::chrono::duration<double>(kLongest).count();
  if (seconds > most) return ", days left";
  return absl::StrCat(", ",
                      ClockText(std::chrono::ceil<Duration>(
                          std::chrono::duration<double>(seconds))),
                      " left");
}

}  // namespace

std::string ProgressLine(const v1::PrefetchProgress& progress,
                         const ProgressStyle& style) {
  const double share = Share(progress);
  std::string rest = absl::StrCat(Ended(progress), " of ", progress.accepted());
  if (!progress.complete()) absl::StrAppend(&rest, " so far");
  if (progress.failed() > 0) {
    absl::StrAppend(&rest, ", ", progress.failed(), " failed");
  }
  if (progress.cancelled() > 0) {
    absl::StrAppend(&rest, ", ", progress.cancelled(), " cancelled");
  }
  if (!progress.finished()) {
    absl::StrAppend(&rest, ", ", RateText(progress.per_second()));
    if (progress.complete()) rest += LeftText(progress);
  }
  if (!progress.complete()) return rest;
  rest = absl::StrCat(static_cast<int>(std::floor(share * 100)), "%  ", rest);
  // The brackets, the blank behind them, and the terminal's last column.
  const size_t taken = rest.size() + 4;
  if (!style.bar || style.columns < taken + kNarrowest) return rest;
  return Bar(share, std::min(style.columns - taken, kWidest)) + rest;
}

std::string ClockText(Duration duration) {
  const int64_t all = std::max<int64_t>(
      std::chrono::ceil<std::chrono::seconds>(duration).count(), 0);
  const int64_t hours = all / 3600;
  const int64_t minutes = all / 60 % 60;
  return hours > 0 ? absl::StrFormat("%d:%02d:%02d", hours, minutes, all % 60)
                   : absl::StrFormat("%d:%02d", minutes, all % 60);
}

std::string PrefetchSummary(const v1::PrefetchProgress& progress) {
  std::string text =
      absl::StrCat("prefetch ", Printable(progress.id()), ": ",
                   progress.accepted(), " accepted, ", progress.stored(),
                   " stored, ", progress.failed(), " failed");
  if (progress.cancelled() > 0) {
    absl::StrAppend(&text, ", ", progress.cancelled(), " cancelled");
  }
  if (!progress.finished()) {
    absl::StrAppend(&text, ", ", progress.underway(), " underway, ",
                    progress.pending(), " pending");
    if (!progress.complete()) absl::StrAppend(&text, ", more to come");
  }
  text += "\n";
  constexpr size_t kMessage = 160;
  std::vector<Row> rows;
  for (const auto& failure : progress.failures()) {
    rows.push_back(
        {absl::StrCat("  ", Absl(CodeName(static_cast<absl::StatusCode>(
                                failure.code())))),
         absl::StrCat(failure.count()),
         Printable(failure.message(), {.max_columns = kMessage})});
  }
  return text + InColumns(rows);
}

std::string ListPrefetchesText(const v1::ListPrefetchesResponse& response) {
  std::vector<Row> rows = {{"PREFETCH", "TABLE", "STATE", "ACCEPTED", "STORED",
                            "FAILED", "CANCELLED", "PENDING", "UNDERWAY",
                            "RATE"}};
  for (const auto& progress : response.prefetches()) {
    rows.push_back(
        {Printable(progress.id()), Printable(progress.table()),
         progress.finished()   ? "finished"
         : progress.complete() ? "complete"
                               : "open",
         absl::StrCat(progress.accepted()), absl::StrCat(progress.stored()),
         absl::StrCat(progress.failed()), absl::StrCat(progress.cancelled()),
         absl::StrCat(progress.pending()), absl::StrCat(progress.underway()),
         RateText(progress.per_second())});
  }
  return InColumns(rows);
}

}  // namespace frontrunner
