#include "client/report_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/durations.h"
#include "client/failure.h"
#include "client/text.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr int kCells = 20;
constexpr size_t kMostOfName = 24;
constexpr size_t kLeastOfValue = 12;
constexpr size_t kMostOfWord = 24;
constexpr std::string_view kGap = "      ";

// How much of a cell a bar covers, in eighth blocks; a full cell leaves two
// eighths free, so that rows stay apart.
constexpr std::array<std::string_view, 7> kBlocks = {" ", "▁", "▂", "▃",
                                                     "▄", "▅", "▆"};
constexpr std::array<std::string_view, 7> kAsciiBlocks = {" ", "-", "-", "=",
                                                          "=", "=", "="};

constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

class Painter {
 public:
  Painter(const PictureStyle& style, const Failure* failure)
      : style_(style), failure_(failure) {}

  std::string Head(std::string_view table, std::string_view key,
                   std::string_view outcome, std::string_view how) const {
    // Shares of the width that always leave room for something of each.
    std::string line = absl::StrCat(Safe(table, style_.columns / 6), " ",
                                    Safe(key, style_.columns / 4),
                                    Absl(style_.ascii ? " -> " : " → "));
    const size_t room = style_.columns - Columns(line) - kGap.size();
    const std::string right = Safe(how, room - kLeastOfValue);
    const std::string middle = Safe(outcome, room - Columns(right));
    absl::StrAppend(&line, Coloured(failure_ ? kRed : kBold, middle),
                    Absl(kGap), right, "\n");
    return line;
  }

  std::string Rows(const v1::RaceReport& report) const {
    size_t name_columns = 0;
    double total = Milliseconds(report.elapsed());
    for (const auto& entrant : report.entrants()) {
      name_columns =
          std::max(name_columns, Columns(Safe(entrant.source(), kMostOfName)));
      total = std::max(total, Milliseconds(entrant.finished_after()));
    }
    std::string rows;
    for (const auto& entrant : report.entrants()) {
      std::string row = "  " + Safe(entrant.source(), kMostOfName);
      row.append(name_columns + 4 - Columns(row), ' ');
      row += style_.ascii ? "|" : "▏";
      const std::string bar = Bar(entrant, report, total);
      const Ending end = End(entrant, report);
      const std::string_view gap = bar.empty() ? "" : " ";
      absl::StrAppend(
          &rows, row,
          Coloured(ColourOf(entrant), absl::StrCat(bar, Absl(gap), end.words)));
      AppendDetail(
          end.detail,
          Columns(row) + Columns(bar) + gap.size() + Columns(end.words),
          name_columns + 5, rows);
    }
    return rows;
  }

  std::string Sentence(std::string_view message) const {
    // Up to three lines' worth, on one line: a message may be long.
    return absl::StrCat("  ", Absl(Safe(message, style_.columns * 3)), "\n");
  }

 private:
  std::string Safe(std::string_view text, size_t columns) const {
    return Printable(text, {.unicode = !style_.ascii, .max_columns = columns});
  }

  // Behind the row where there is room for it, else on lines of its own.
  void AppendDetail(const std::string& detail, size_t taken, size_t indent,
                    std::string& rows) const {
    if (detail.empty() || taken + 2 + Columns(detail) <= style_.columns) {
      absl::StrAppend(&rows, detail.empty() ? "" : "  ", detail, "\n");
      return;
    }
    std::string line(indent, ' ');
    bool any = false;
    for (const absl::string_view split :
         absl::StrSplit(detail, ' ', absl::SkipEmpty())) {
      const std::string_view word = Std(split);
      if (any && Columns(line) + 1 + Columns(word) > style_.columns) {
        absl::StrAppend(&rows, "\n", line);
        line.assign(indent, ' ');
        any = false;
      }
      absl::StrAppend(&line, any ? " " : "",
                      Absl(Piece(word, style_.columns - indent)));
      any = true;
    }
    absl::StrAppend(&rows, "\n", line, "\n");
  }

  // A word that no line has room for loses its end.
  std::string Piece(std::string_view word, size_t columns) const {
    if (Columns(word) <= columns) return std::string(word);
    size_t cut = columns - 3;
    // Not within a character.
    while (cut > 0 && (word[cut] & 0xC0) == 0x80) --cut;
    return absl::StrCat(Absl(word.substr(0, cut)), "...");
  }

  std::string Coloured(std::string_view colour, std::string text) const {
    if (!style_.colour || colour.empty()) return text;
    return absl::StrCat(Absl(colour), text, Absl(kPlain));
  }

  static std::string_view ColourOf(const v1::EntrantReport& entrant) {
    switch (entrant.verdict()) {
      case v1::WON:
        return kGreen;
      case v1::FAILED:
        return kRed;
      default:
        return kDim;
    }
  }

  static double EndOf(const v1::EntrantReport& entrant,
                      const v1::RaceReport& report) {
    return Milliseconds(entrant.has_finished_after() ? entrant.finished_after()
                                                     : report.elapsed());
  }

  std::string Bar(const v1::EntrantReport& entrant,
                  const v1::RaceReport& report, double total) const {
    if (entrant.verdict() == v1::NOT_STARTED || total <= 0) return "";
    const double cell = total / kCells;
    const double from = Milliseconds(entrant.started_after()) / cell;
    const double to = EndOf(entrant, report) / cell;
    const auto& blocks = style_.ascii ? kAsciiBlocks : kBlocks;
    std::array<int, kCells> levels{};
    int last = -1;
    for (int i = 0; i < kCells; ++i) {
      const double covered = std::clamp(
          std::min(to, i + 1.0) - std::max(from, double{1} * i), 0.0, 1.0);
      levels[i] = static_cast<int>(std::lround(covered * 6));
      if (levels[i] > 0) last = i;
    }
    if (last < 0) {
      // Too short for its cell: shown where it began, unless that is the
      // start of everything.
      const int begun = std::clamp(static_cast<int>(from), 0, kCells - 1);
      if (begun == 0) return "";
      levels[begun] = 1;
      last = begun;
    }
    std::string bar;
    for (int i = 0; i <= last; ++i) bar += blocks[levels[i]];
    return bar;
  }

  struct Ending {
    /// "won 4.1".
    std::string words;
    /// What there is to say about it; may be long.
    std::string detail;
  };

  Ending End(const v1::EntrantReport& entrant,
             const v1::RaceReport& report) const {
    Ending end;
    Describe(entrant, end.words, end.detail);
    if (entrant.verdict() == v1::NOT_STARTED) return end;
    absl::StrAppendFormat(&end.words, " %.1f", EndOf(entrant, report));
    if (entrant.attempts() > 1) {
      absl::StrAppend(&end.words, " (", entrant.attempts(), " tries)");
    }
    return end;
  }

  // The word for how it ended, and what there is to say about it.
  void Describe(const v1::EntrantReport& entrant, std::string& word,
                std::string& detail) const {
    const std::string message = Safe(entrant.message(), style_.columns * 3);
    switch (entrant.verdict()) {
      case v1::NOT_STARTED:
        word = WasLeftOut() ? "left out" : "not started";
        return;
      case v1::WON:
        word = "won";
        return;
      case v1::CANCELLED:
        word = entrant.code() == 4 ? "out of time" : "cancelled";
        return;
      case v1::MISSED:
        word = "miss";
        // What every miss says is not worth saying; anything else is.
        if (message.starts_with("not in ") || message.starts_with("no such ") ||
            message.starts_with("not found")) {
          return;
        }
        if (Columns(message) > kMostOfWord) {
          detail = message;
        } else if (!message.empty()) {
          word = message;
        }
        return;
      case v1::FAILED:
        word = CodeName(static_cast<absl::StatusCode>(entrant.code()));
        detail = message;
        return;
      default:
        word = absl::StrCat("verdict ", static_cast<int>(entrant.verdict()));
        detail = message;
    }
  }

  // A race in which all are out has started everybody it was allowed to.
  bool WasLeftOut() const {
    return failure_ != nullptr && (failure_->reason == "ALL_SOURCES_FAILED" ||
                                   failure_->reason == "NO_ENTRANT");
  }

  const PictureStyle& style_;
  const Failure* failure_;
};

std::string WinningWords(const v1::LookupResponse& response) {
  std::string words = response.source();
  if (response.has_report()) {
    absl::StrAppendFormat(&words, " won in %.1f ms",
                          Milliseconds(response.report().elapsed()));
    if (response.report().coalesced()) words += ", shared";
  } else {
    words += " answered";
  }
  if (response.stale()) words += ", stale";
  return words;
}

std::string FailingWords(const Failure& failure) {
  std::string words = "failed";
  if (failure.code == absl::StatusCode::kNotFound) {
    words = "no source has it";
  } else if (failure.reason == "ALL_SOURCES_FAILED") {
    words = "all sources failed";
  } else if (failure.reason == "FINAL_FAILURE") {
    words = "a final failure";
  } else if (failure.reason == "DEADLINE") {
    words = "out of time";
  } else if (!failure.reason.empty()) {
    words = failure.reason;
  }
  if (failure.report) {
    absl::StrAppendFormat(&words, ", %.1f ms",
                          Milliseconds(failure.report->elapsed()));
    if (failure.report->coalesced()) words += ", shared";
  }
  return words;
}

}  // namespace

std::string DrawReport(std::string_view table, std::string_view key,
                       const absl::StatusOr<v1::LookupResponse>& answer,
                       const PictureStyle& style) {
  if (answer.ok()) {
    const Painter painter(style, nullptr);
    return painter.Head(table, key, answer->value(), WinningWords(*answer)) +
           (answer->has_report() ? painter.Rows(answer->report()) : "");
  }
  const Failure failure = FailureOf(answer.status());
  const Painter painter(style, &failure);
  const std::string_view outcome = failure.code == absl::StatusCode::kNotFound
                                       ? "not found"
                                       : CodeName(failure.code);
  return painter.Head(table, key, outcome, FailingWords(failure)) +
         (failure.report ? painter.Rows(*failure.report)
                         : painter.Sentence(failure.message));
}

}  // namespace frontrunner
