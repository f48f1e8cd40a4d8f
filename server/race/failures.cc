#include "server/race/failures.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

/// The most telling first.
constexpr std::array kTelling = {
    absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
    absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kInternal};

void AppendFailure(const Entrant& entrant, const EntrantResult& result,
                   std::string& text) {
  absl::StrAppend(&text, Absl(entrant.source->name()), " ",
                  Absl(CodeName(result.status.code())));
  if (!result.status.message().empty()) {
    absl::StrAppend(&text, " (", result.status.message(), ")");
  }
}

}  // namespace

absl::StatusCode JudgeAllOut(const std::vector<Entrant>& entrants,
                             const std::vector<EntrantResult>& results,
                             CachePolicy policy) {
  bool only_caches = true;
  for (const Entrant& entrant : entrants) {
    if (TakesPart(entrant, policy) && !entrant.is_cache) only_caches = false;
  }
  absl::StatusCode first = absl::StatusCode::kNotFound;
  size_t rank = kTelling.size();
  for (size_t i = 0; i < entrants.size(); ++i) {
    if (!TakesPart(entrants[i], policy)) continue;
    if (entrants[i].is_cache && !only_caches) continue;
    const absl::StatusCode code = results[i].status.code();
    if (code == absl::StatusCode::kNotFound) continue;
    if (first == absl::StatusCode::kNotFound) first = code;
    for (size_t r = 0; r < rank; ++r) {
      if (kTelling[r] == code) rank = r;
    }
  }
  return rank < kTelling.size() ? kTelling[rank] : first;
}

absl::Status CombineFailures(const std::vector<Entrant>& entrants,
                             const std::vector<EntrantResult>& results,
                             CachePolicy policy) {
  std::string text = "no source answered: ";
  bool first = true;
  for (size_t i = 0; i < entrants.size(); ++i) {
    if (!TakesPart(entrants[i], policy)) continue;
    if (!first) text += ", ";
    first = false;
    AppendFailure(entrants[i], results[i], text);
  }
  return absl::Status(JudgeAllOut(entrants, results, policy), text);
}

absl::Status FinalFailure(const Entrant& entrant, const EntrantResult& result) {
  std::string text = "final answer of ";
  AppendFailure(entrant, result, text);
  return absl::Status(result.status.code(), text);
}

}  // namespace frontrunner
