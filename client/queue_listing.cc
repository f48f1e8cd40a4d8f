#include "client/queue_listing.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/columns.h"
#include "client/text.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

Row QueueHeader() {
  return {"QUEUE",     "WIDTH",    "STATE",   "RATE",     "PENDING",
          "MOST",      "UNDERWAY", "LATE",    "STARTED",  "FINISHED",
          "CANCELLED", "ABORTED",  "REFUSED", "MEAN WAIT"};
}

std::string_view StateOf(const v1::Queue& queue) {
  if (queue.paused()) return "paused";
  return queue.width() == 0 ? "held" : "running";
}

std::string RateOf(const v1::Queue& queue) {
  return queue.per_second() > 0 ? absl::StrFormat("%.6g/s", queue.per_second())
                                : "-";
}

Row QueueRow(const v1::Queue& queue) {
  const auto& counters = queue.counters();
  return {Printable(queue.name()),
          absl::StrCat(queue.width()),
          std::string(StateOf(queue)),
          RateOf(queue),
          absl::StrCat(queue.pending()),
          absl::StrCat(queue.max_pending()),
          absl::StrCat(queue.underway()),
          absl::StrCat(queue.late()),
          absl::StrCat(counters.started()),
          absl::StrCat(counters.finished()),
          absl::StrCat(counters.cancelled()),
          absl::StrCat(counters.aborted()),
          absl::StrCat(counters.refused()),
          counters.has_mean_wait() ? ShortDuration(counters.mean_wait()) : "-"};
}

std::string Ago(bool present, const google::protobuf::Duration& duration) {
  return present ? ShortDuration(duration) : "-";
}

std::string HowItEnded(int code) {
  // What operators call these.
  switch (static_cast<absl::StatusCode>(code)) {
    case absl::StatusCode::kOk:
      return "succeeded";
    case absl::StatusCode::kCancelled:
      return "cancelled";
    case absl::StatusCode::kNotFound:
      return "missed";
    case absl::StatusCode::kAborted:
      return "aborted";
    default:
      return std::string(CodeName(static_cast<absl::StatusCode>(code)));
  }
}

enum class Kind { kUnderway, kPending, kEnded };

template <typename Jobs>
void AddJobs(const Jobs& jobs, Kind kind, std::vector<Row>& rows) {
  for (const v1::Job& job : jobs) {
    rows.push_back({absl::StrCat(job.id()),
                    kind == Kind::kPending ? "pending"
                    : kind == Kind::kEnded ? HowItEnded(job.code())
                    : job.late()           ? "late"
                                           : "underway",
                    Printable(job.table()), KeyCell(job.key()),
                    absl::StrCat(job.priority()),
                    Ago(job.has_queued_ago(), job.queued_ago()),
                    Ago(job.has_started_ago(), job.started_ago()),
                    Ago(job.has_ended_ago(), job.ended_ago())});
  }
}

}  // namespace

std::string ListQueuesText(const v1::ListQueuesResponse& response) {
  std::vector<Row> rows = {QueueHeader()};
  for (const auto& queue : response.queues()) rows.push_back(QueueRow(queue));
  return InColumns(rows);
}

std::string QueueText(const v1::GetQueueResponse& response) {
  std::vector<Row> rows = {{"JOB", "STATE", "TABLE", "KEY", "PRIORITY",
                            "QUEUED", "STARTED", "ENDED"}};
  AddJobs(response.underway(), Kind::kUnderway, rows);
  AddJobs(response.pending(), Kind::kPending, rows);
  AddJobs(response.ended(), Kind::kEnded, rows);
  std::string text = InColumns({QueueHeader(), QueueRow(response.queue())});
  if (rows.size() > 1) absl::StrAppend(&text, "\n", InColumns(rows));
  const int more = response.queue().pending() - response.pending_size();
  // What came and went between the two counts is not worth a line.
  if (response.pending_size() > 0 && more > 0) {
    absl::StrAppend(&text, "and ", more, " more pending\n");
  }
  return text;
}

std::string QueueSentence(const v1::Queue& queue) {
  return absl::StrCat(Printable(queue.name()), " is ", Absl(StateOf(queue)),
                      ": width ", queue.width(), ", ", queue.underway(),
                      " underway, ", queue.pending(), " pending\n");
}

std::string OutstandingText(const v1::ListOutstandingResponse& response) {
  std::string text =
      absl::StrCat(response.outstanding(), " outstanding, ", response.racing(),
                   " racing, ", response.waiting(), " waiting");
  if (response.has_oldest()) {
    absl::StrAppend(&text, ", the oldest for ",
                    ShortDuration(response.oldest()));
  }
  absl::StrAppend(&text, "; marks ", response.high(), " and ", response.low(),
                  response.overloaded() ? "; overloaded" : "",
                  response.draining() ? "; draining" : "", "\n");
  if (response.lookups().empty()) return text;
  std::vector<Row> rows = {{"TABLE", "KEY", "PRIORITY", "AGE", "STATE"}};
  for (const auto& lookup : response.lookups()) {
    rows.push_back({Printable(lookup.table()), KeyCell(lookup.key()),
                    absl::StrCat(lookup.priority()),
                    ShortDuration(lookup.age()),
                    lookup.waiting() ? "waiting" : "racing"});
  }
  absl::StrAppend(&text, "\n", InColumns(rows));
  const int more =
      response.racing() + response.waiting() - response.lookups_size();
  if (more > 0) absl::StrAppend(&text, "and ", more, " more\n");
  return text;
}

}  // namespace frontrunner
