// What Prefetches writes: commits, and what is kept of those that are finished.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/strings.h"
#include "server/prefetch/prefetches.h"
#include "server/prefetch/prefetches_parts.h"

namespace frontrunner {
namespace {

/// After the journal could not be written.
constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kBetweenExpiries = std::chrono::minutes(10);
/// Keys removed in one transaction: others shall not wait long behind it.
constexpr size_t kClearedAtOnce = 2000;

}  // namespace

/// A turn later: with all that has been asked by then.
void Prefetches::ScheduleCommit() {
  if (commit_scheduled_) return;
  commit_scheduled_ = true;
  writer_.Post([this] { Commit(); });
}

void Prefetches::Commit() {
  Batch batch;
  batch.acceptances = std::exchange(acceptances_, {});
  batch.cancellations = std::exchange(cancellations_, {});
  batch.ends = std::exchange(ends_, {});
  commit_scheduled_ = false;
  retry_ = nullptr;
  const absl::Status status = Write(batch);
  if (status.ok()) {
    failing_ = false;
    Written(batch);
  } else {
    journal_->Rollback();
    Report(status);
    NotWritten(batch, status);
  }
  Pump();
  TellIfStopped();
}

absl::Status Prefetches::Write(Batch& batch) {
  const WallTime now = writer_.WallNow();
  std::set<int64_t> changed;
  if (auto status = journal_->Begin(); !status.ok()) return status;
  for (const Acceptance& acceptance : batch.acceptances) {
    auto accepted = journal_->Accept(acceptance.keys, now);
    if (!accepted.ok()) return accepted.status();
    changed.insert(accepted->number);
    batch.accepted.push_back(*std::move(accepted));
  }
  for (const End& end : batch.ends) {
    auto status = journal_->End(end.place.prefetch, end.place.seq, end.how);
    if (!status.ok()) return status;
    changed.insert(end.place.prefetch);
  }
  for (const Cancellation& cancellation : batch.cancellations) {
    auto status = journal_->Cancel(cancellation.number);
    if (!status.ok()) return status;
    changed.insert(cancellation.number);
  }
  for (const int64_t number : changed) {
    auto status = journal_->FinishIfDone(number, now);
    if (!status.ok()) return status;
    auto record = journal_->Read(number);
    if (!record.ok()) return record.status();
    batch.records.push_back(*std::move(record));
  }
  return journal_->Commit();
}

void Prefetches::Written(Batch& batch) {
  const TimePoint now = writer_.Now();
  underway_ -= batch.ends.size();
  for (const End& end : batch.ends) {
    PrefetchEntry& entry = entries_.at(end.place.prefetch);
    --entry.underway;
    entry.rate.Count(now);
  }
  for (PrefetchRecord& record : batch.records) Refresh(std::move(record));
  for (size_t i = 0; i < batch.acceptances.size(); ++i) {
    const Journal::Accepted& accepted = batch.accepted[i];
    if (accepted.verdict.ok()) {
      std::move(batch.acceptances[i].done)(accepted.keys);
    } else {
      std::move(batch.acceptances[i].done)(accepted.verdict);
    }
  }
  for (Cancellation& cancellation : batch.cancellations) {
    std::move(cancellation.done)(entries_.at(cancellation.number).View(now));
  }
  ScheduleSweep();
}

/// The ends are kept for another try, and their places with them, so that a
/// journal that can't be written stops everything.
void Prefetches::NotWritten(Batch& batch, const absl::Status& status) {
  const absl::Status answer = absl::UnavailableError(
      absl::StrCat("The journal can't be written: ", status.message()));
  for (Acceptance& acceptance : batch.acceptances) {
    std::move(acceptance.done)(answer);
  }
  for (Cancellation& cancellation : batch.cancellations) {
    std::move(cancellation.done)(answer);
  }
  ends_ = std::move(batch.ends);
  retry_ = writer_.At(writer_.Now() + kRetry, [this] { ScheduleCommit(); });
}

void Prefetches::Refresh(PrefetchRecord record) {
  const int64_t number = record.number;
  PrefetchEntry& entry = entries_[number];
  by_id_[record.id] = number;
  entry.record = std::move(record);
  if (entry.record.cancelled) entry.ready.clear();
  if (entry.record.cancelled || entry.record.finished) {
    to_clear_.insert(number);
  }
  if (entry.finished()) {
    unfinished_.erase(number);
  } else {
    unfinished_.insert(number);
  }
  watchers_.Touch(number);
}

void Prefetches::Report(const absl::Status& status) {
  if (!failing_ && settings_.log) {
    settings_.log(
        absl::StrCat("the journal of prefetches fails: ", status.message(),
                     "; nothing is prefetched until it works again"));
  }
  failing_ = true;
}

void Prefetches::ScheduleSweep() {
  if (sweep_scheduled_ || stopping_ || !started_) return;
  if (to_clear_.empty() && expiry_) return;
  sweep_scheduled_ = true;
  writer_.Post([this] { Sweep(); });
}

void Prefetches::Sweep() {
  sweep_scheduled_ = false;
  if (stopping_) return;
  const absl::Status status = SweepSome();
  if (!status.ok()) {
    journal_->Rollback();
    Report(status);
  }
  if (status.ok() && !to_clear_.empty()) {
    ScheduleSweep();
    return;
  }
  expiry_ = writer_.At(writer_.Now() + kBetweenExpiries, [this] {
    expiry_ = nullptr;
    ScheduleSweep();
  });
}

absl::Status Prefetches::SweepSome() {
  if (auto status = journal_->Begin(); !status.ok()) return status;
  if (!to_clear_.empty()) {
    const int64_t number = *to_clear_.begin();
    const auto more = journal_->ClearKeys(number, kClearedAtOnce);
    if (!more.ok()) return more.status();
    if (!*more) to_clear_.erase(number);
  }
  if (to_clear_.empty()) {
    if (auto status = Expire(); !status.ok()) return status;
  }
  return journal_->Commit();
}

/// Those forgotten are gone from memory even if the commit fails: they are old,
/// and come back with the next start at worst.
absl::Status Prefetches::Expire() {
  std::vector<PrefetchEntry*> finished;
  for (auto& [number, entry] : entries_) {
    if (entry.record.finished && entry.underway == 0) {
      finished.push_back(&entry);
    }
  }
  std::sort(finished.begin(), finished.end(),
            [](const PrefetchEntry* a, const PrefetchEntry* b) {
              return a->record.finished_at < b->record.finished_at;
            });
  const WallTime oldest = writer_.WallNow() - settings_.keep_finished;
  for (size_t i = 0; i < finished.size(); ++i) {
    const bool too_many = finished.size() - i > settings_.max_finished;
    const PrefetchRecord record = finished[i]->record;
    if (!too_many && record.finished_at >= oldest) continue;
    if (auto status = journal_->Forget(record.number); !status.ok()) {
      return status;
    }
    by_id_.erase(record.id);
    entries_.erase(record.number);
  }
  return absl::OkStatus();
}

}  // namespace frontrunner
