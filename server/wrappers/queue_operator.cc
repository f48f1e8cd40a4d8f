// What an operator may do to a dispatch queue, and what the end of the server
// does to it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/wrappers/queue_core.h"

namespace frontrunner {
namespace {

constexpr std::string_view kByOperator = "was cancelled by an operator";

absl::Status CheckWidth(int width) {
  if (width >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a width of ", width, " can't be: it is 0 or more"));
}

}  // namespace

DispatchQueue::State DispatchQueue::Core::state() const {
  const std::lock_guard lock(mutex_);
  return {.width = width_,
          .paused = paused_,
          .max_pending = settings_.max_pending,
          .per_second = settings_.per_second,
          .burst = settings_.burst,
          .pending = pending_.size(),
          .underway = underway_.size(),
          .late = late_,
          .counters = counters_};
}

absl::Status DispatchQueue::Core::SetWidth(int width) {
  if (absl::Status wrong = CheckWidth(width); !wrong.ok()) return wrong;
  const std::lock_guard lock(mutex_);
  width_ = width;
  Dispatch(home_.Now());
  return absl::OkStatus();
}

void DispatchQueue::Core::Pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
}

absl::Status DispatchQueue::Core::Resume(std::optional<int> width) {
  if (absl::Status wrong = CheckWidth(width.value_or(0)); !wrong.ok()) {
    return wrong;
  }
  const std::lock_guard lock(mutex_);
  paused_ = false;
  width_ = width.value_or(width_);
  Dispatch(home_.Now());
  return absl::OkStatus();
}

std::vector<DispatchQueue::Job> DispatchQueue::Core::Pending(size_t max) const {
  std::vector<Job> jobs;
  const std::lock_guard lock(mutex_);
  jobs.reserve(std::min(max, pending_.size()));
  for (const auto& [place, ticket] : pending_.ordered()) {
    if (jobs.size() == max) break;
    jobs.push_back(ticket->job);
  }
  return jobs;
}

std::vector<DispatchQueue::Job> DispatchQueue::Core::Underway(
    size_t max) const {
  std::vector<Job> jobs;
  const std::lock_guard lock(mutex_);
  jobs.reserve(std::min(max, underway_.size()));
  for (const Ticket* ticket = underway_.first(); ticket && jobs.size() < max;
       ticket = ticket->next) {
    jobs.push_back(ticket->job);
    jobs.back().late = ticket->stage == Ticket::Stage::kLate;
  }
  return jobs;
}

std::vector<DispatchQueue::Job> DispatchQueue::Core::Ended(size_t max) const {
  const std::lock_guard lock(mutex_);
  const size_t count = std::min(max, ended_.size());
  return {ended_.begin(), ended_.begin() + static_cast<ptrdiff_t>(count)};
}

absl::Status DispatchQueue::Core::Cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (Ticket* const pending = pending_.Find(id)) {
    ++counters_.aborted;
    EndPending(*pending, home_.Now(),
               Failure(*pending, absl::StatusCode::kAborted, kByOperator));
    return absl::OkStatus();
  }
  Ticket* const underway = underway_.Find(id);
  if (!underway) return NoSuchJob(id);
  if (underway->stage == Ticket::Stage::kLate) {
    return Failure(*underway, absl::StatusCode::kFailedPrecondition,
                   "is over already for those who waited, and will give its "
                   "place back when it has really ended");
  }
  ++counters_.aborted;
  ++late_;
  underway->stage = Ticket::Stage::kLate;
  underway->job.code = absl::StatusCode::kAborted;
  TellFail(*underway,
           Failure(*underway, absl::StatusCode::kAborted, kByOperator));
  return absl::OkStatus();
}

absl::Status DispatchQueue::Core::Reprioritise(uint64_t id, int priority) {
  const std::lock_guard lock(mutex_);
  if (Ticket* const pending = pending_.Find(id)) {
    pending_.Move(*pending, priority);
    return absl::OkStatus();
  }
  const Ticket* const underway = underway_.Find(id);
  if (!underway) return NoSuchJob(id);
  return Failure(*underway, absl::StatusCode::kFailedPrecondition,
                 "is underway: only a pending one has a priority to change");
}

size_t DispatchQueue::Core::ClearPending() {
  const std::lock_guard lock(mutex_);
  const size_t count = pending_.size();
  EndAllPending(counters_.aborted, absl::StatusCode::kAborted, kByOperator);
  return count;
}

void DispatchQueue::Core::Drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  EndAllPending(counters_.drained, absl::StatusCode::kUnavailable,
                "was not started, because the server is going away");
}

void DispatchQueue::Core::EndAllPending(uint64_t& counter,
                                        absl::StatusCode code,
                                        std::string_view why) {
  const TimePoint now = home_.Now();
  while (!pending_.empty()) {
    ++counter;
    Ticket& ticket = pending_.first();
    EndPending(ticket, now, Failure(ticket, code, why));
  }
}

void DispatchQueue::Core::EndPending(Ticket& ticket, TimePoint now,
                                     absl::Status status) {
  pending_.Remove(ticket);
  ticket.stage = Ticket::Stage::kOver;
  ticket.job.code = status.code();
  Remember(ticket, now);
  TellFail(ticket, std::move(status));
}

absl::Status DispatchQueue::Core::NoSuchJob(uint64_t id) const {
  return absl::NotFoundError(absl::StrCat("queue ", settings_.name,
                                          " has no job ", id,
                                          " that is pending or underway"));
}

}  // namespace frontrunner
