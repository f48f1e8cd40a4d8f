#include "server/rpc/lookup_failure.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/rpc/report.h"
#include "server/rpc/text.h"
#include "server/rpc/trailer_size.h"

namespace frontrunner {
namespace {

/// A message of this length would not fit even alone (it is in the header, in
/// the status and in the report), so nothing is lost by looking no further.
constexpr size_t kLongestMessage = kMaxTrailerBytes / 3;
constexpr size_t kLongestClause = kLongestMessage / 3;
constexpr size_t kMaxShownTable = 128;

/// The core's words with a capital letter, to begin a sentence.
std::string AsClause(const absl::Status& failure) {
  std::string text = CleanAndShorten(Std(failure.message()), kLongestClause);
  if (!text.empty()) text[0] = absl::ascii_toupper(text[0]);
  return text;
}

/// One lookup's failure, told at any length.
class Telling {
 public:
  Telling(const Errors& errors, const Table& table, const LookupResult& result)
      : errors_(errors), table_(table), result_(result) {
    const std::vector<EntrantResult>& entrants = result.race->entrants;
    count_ = std::min(entrants.size(), table.entrant_names().size());
    messages_.reserve(count_);
    for (size_t i = 0; i < count_; ++i) {
      messages_.push_back(
          CleanAndShorten(Std(entrants[i].status.message()), kLongestMessage));
    }
  }

  size_t entrants() const { return count_; }
  size_t longest_message() const {
    size_t longest = 0;
    for (const std::string& text : messages_) {
      longest = std::max(longest, text.size());
    }
    return longest;
  }

  /// Nullopt: too long.
  std::optional<google::rpc::Status> Tell(const ReportBounds& bounds) const {
    v1::RaceReport report;
    FillReport(*result_.race, result_.coalesced, table_.entrant_names(), bounds,
               report);
    const std::string sentence = Sentence(bounds);
    google::rpc::Status status =
        errors_.Status({.reason = result_.reason,
                        .code = result_.outcome.status().code(),
                        .message = sentence,
                        .table = table_.settings().name,
                        .report = &report});
    if (TrailerBytes(sentence, status.ByteSizeLong()) >= kMaxTrailerBytes) {
      return std::nullopt;
    }
    return status;
  }

 private:
  std::string Sentence(const ReportBounds& bounds) const {
    const size_t shown = std::min(bounds.entrants, count_);
    std::string text = Lead();
    for (size_t i = 0; i < shown; ++i) {
      absl::StrAppend(&text, i == 0 ? ": " : ", ");
      AppendEntrant(i, bounds.max_message, text);
    }
    if (shown < count_) {
      absl::StrAppend(&text, shown == 0 ? ": " : " and ", count_ - shown,
                      shown == 0 ? " sources" : " more", " not shown");
    }
    text += '.';
    return text;
  }

  std::string Lead() const {
    const absl::Status& failure = result_.outcome.status();
    if (failure.message() != result_.race->outcome.status().message()) {
      // It went on after its race: waited for a value that did not come.
      return AsClause(failure);
    }
    const std::string table = absl::StrCat(
        "table \"", CleanAndShorten(table_.settings().name, kMaxShownTable),
        "\"");
    switch (result_.reason) {
      case Reason::kFinalFailure:
        return absl::StrCat("A final answer ended the race of ", table);
      case Reason::kDeadline:
        return absl::StrCat("The deadline passed before ", table,
                            " had an answer");
      case Reason::kOverloaded:
        return absl::StrCat("The server is too busy to ask for ", table);
      case Reason::kDraining:
        return absl::StrCat("The server is going away before ", table,
                            " had an answer");
      default:
        break;
    }
    if (failure.code() == absl::StatusCode::kNotFound) {
      return absl::StrCat("No source of ", table, " has the key");
    }
    return absl::StrCat("No source of ", table, " answered");
  }

  void AppendEntrant(size_t index, size_t max_message,
                     std::string& text) const {
    const EntrantResult& entrant = result_.race->entrants[index];
    const auto code = Absl(CodeName(entrant.status.code()));
    absl::StrAppend(&text, table_.entrant_names()[index]);
    switch (entrant.verdict) {
      case Verdict::kNotStarted:
        absl::StrAppend(&text, " was not started");
        return;
      case Verdict::kWon:
        absl::StrAppend(&text, " won");
        return;
      case Verdict::kCancelled:
        absl::StrAppend(&text, " was cancelled with ", code);
        return;
      case Verdict::kMissed:
        // Says so itself; the words are in the report.
        absl::StrAppend(&text, " said ", code);
        return;
      case Verdict::kFailed:
        break;
    }
    absl::StrAppend(&text, " failed with ", code);
    const std::string message = Shorten(messages_[index], max_message);
    if (!message.empty()) absl::StrAppend(&text, " (", message, ")");
  }

  const Errors& errors_;
  const Table& table_;
  const LookupResult& result_;
  size_t count_ = 0;
  /// The entrants' messages, well-formed.
  std::vector<std::string> messages_;
};

/// The fullest telling with one bound between `low` (which fits) and `high`
/// (which does not).
template <typename Tell>
google::rpc::Status Fullest(size_t low, size_t high, google::rpc::Status best,
                            const Tell& tell) {
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (auto status = tell(middle)) {
      best = *std::move(status);
      low = middle;
    } else {
      high = middle;
    }
  }
  return best;
}

}  // namespace

google::rpc::Status LookupFailure(const Errors& errors, const Table& table,
                                  const LookupResult& result) {
  const absl::Status& failure = result.outcome.status();
  if (result.race == nullptr || result.race->end == RaceEnd::kNobody) {
    const std::string message = absl::StrCat(AsClause(failure), ".");
    return errors.Status({.reason = result.reason,
                          .code = failure.code(),
                          .message = message,
                          .table = table.settings().name});
  }
  const Telling telling(errors, table, result);
  const size_t longest = telling.longest_message();
  if (auto all = telling.Tell({.max_message = longest})) return *std::move(all);
  if (auto without_messages = telling.Tell({.max_message = 0})) {
    return Fullest(0, longest, *std::move(without_messages), [&](size_t max) {
      return telling.Tell({.max_message = max});
    });
  }
  // A report of nobody always fits.
  return Fullest(0, telling.entrants(),
                 telling.Tell({.entrants = 0, .max_message = 0}).value(),
                 [&](size_t shown) {
                   return telling.Tell({.entrants = shown, .max_message = 0});
                 });
}

}  // namespace frontrunner
