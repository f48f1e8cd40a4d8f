#include "server/tables/until_stored.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/tables/freshness.h"

namespace frontrunner {
namespace {

void Name(std::string& missing, std::string_view cache, absl::StatusCode code) {
  absl::StrAppend(&missing, missing.empty() ? "" : ", ", Absl(cache), " ",
                  Absl(CodeName(code)));
}

}  // namespace

UntilStored::UntilStored(Loop& loop, LookupResult value)
    : loop_(loop),
      value_(std::move(value)),
      deadlines_(loop, [this] { OnDue(); }) {}

UntilStored::~UntilStored() {
  for (Caller* caller : callers_) caller->host = nullptr;
}

void UntilStored::Join(Caller& caller) {
  caller.host = this;
  caller.place = callers_.insert(callers_.end(), &caller);
  // The race may have taken nearly all of its time.
  caller.due = deadlines_.Add(After(loop_.Now(), caller.race_time), caller);
}

void UntilStored::Begun(std::string_view cache) { underway_.push_back(cache); }

void UntilStored::Ended(std::string_view cache, const absl::Status& status) {
  const auto found = std::find(underway_.begin(), underway_.end(), cache);
  if (found == underway_.end()) return;
  underway_.erase(found);
  if (!status.ok()) LeftOut(cache, status.code());
  AnswerIfDone();
}

void UntilStored::LeftOut(std::string_view cache, absl::StatusCode code) {
  failed_ = true;
  Name(missing_, cache, code);
}

void UntilStored::Skipped(std::string_view cache) {
  Name(missing_, cache, absl::StatusCode::kResourceExhausted);
}

void UntilStored::AllBegun() {
  all_begun_ = true;
  AnswerIfDone();
}

void UntilStored::Overtaken() {
  underway_.clear();
  missing_.clear();
  all_begun_ = true;
  AnswerIfDone();
}

void UntilStored::Leave(Caller& caller) { LetGo(caller); }

void UntilStored::LetGo(Caller& caller) {
  caller.host = nullptr;
  callers_.erase(caller.place);
  deadlines_.Remove(caller.due);
}

void UntilStored::AnswerIfDone() {
  if (!all_begun_ || !underway_.empty() || callers_.empty()) return;
  const LookupResult result = missing_.empty() ? value_ : Failure();
  while (!callers_.empty()) AnswerLater(*callers_.front(), result);
}

/// A cache that says nothing until the deadline has exceeded it.
void UntilStored::OnDue() {
  const LookupResult result = Failure();
  while (Caller* caller = deadlines_.FirstOver()) AnswerLater(*caller, result);
}

void UntilStored::AnswerLater(Caller& caller, const LookupResult& result) {
  LetGo(caller);
  LookupResult own = result;
  own.coalesced = caller.coalesced;
  caller.AnswerLater(loop_, std::move(own));
}

LookupResult UntilStored::Failure() const {
  std::string missing = missing_;
  for (const std::string_view cache : underway_) {
    Name(missing, cache, absl::StatusCode::kDeadlineExceeded);
  }
  LookupResult result;
  result.outcome = absl::UnavailableError(
      absl::StrCat("not stored in every cache: ", missing));
  const bool only_skipped = !failed_ && underway_.empty();
  result.reason = only_skipped ? Reason::kOverloaded : Reason::kCachesFailed;
  result.race = value_.race;
  return result;
}

}  // namespace frontrunner
