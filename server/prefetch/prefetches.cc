#include "server/prefetch/prefetches.h"

#include <algorithm>
#include <future>
#include <utility>

#include "server/base/status.h"
#include "server/base/strings.h"
#include "server/prefetch/prefetches_parts.h"

namespace frontrunner {
namespace {

constexpr size_t kBytesBesideAKey = 64;

absl::Status Unknown() {
  return absl::NotFoundError("There is no prefetch of that id.");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Prefetches>> Prefetches::Open(
    Settings settings, Loop& writer, FindTable find_table) {
  auto opened = Journal::Open(settings.state_dir, writer.WallNow());
  if (!opened.ok()) return opened.status();
  if (!opened->note.empty() && settings.log) settings.log(opened->note);
  std::unique_ptr<Prefetches> prefetches(
      new Prefetches(std::move(settings), writer, std::move(find_table),
                     std::move(opened->journal)));
  if (auto status = prefetches->Load(); !status.ok()) return status;
  return prefetches;
}

Prefetches::Prefetches(Settings settings, Loop& writer, FindTable find_table,
                       std::unique_ptr<Journal> journal)
    : settings_(std::move(settings)),
      writer_(writer),
      find_table_(std::move(find_table)),
      journal_(std::move(journal)),
      watchers_(writer, [this](int64_t number) { return ViewOf(number); }) {}

std::optional<PrefetchView> Prefetches::ViewOf(int64_t number) const {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return std::nullopt;
  return found->second.View(writer_.Now());
}

Prefetches::~Prefetches() {
  for (const auto& [raw, job] : jobs_) job->Abandon();
}

absl::Status Prefetches::Load() {
  auto records = journal_->ReadAll();
  if (!records.ok()) return records.status();
  for (PrefetchRecord& record : *records) {
    // What a process that was killed may have left behind.
    if (record.cancelled || record.finished) to_clear_.insert(record.number);
    Refresh(std::move(record));
  }
  return absl::OkStatus();
}

void Prefetches::Start() {
  writer_.Post([this] {
    started_ = true;
    Pump();
    ScheduleSweep();
  });
}

void Prefetches::Stop(absl::AnyInvocable<void() &&> stopped) {
  queued_->closed = true;
  writer_.Post([this, stopped = std::move(stopped)]() mutable {
    stopping_ = true;
    stopped_ = std::move(stopped);
    TellIfStopped();
  });
}

bool Prefetches::StopAndWait(TimePoint deadline) {
  const auto stopped = std::make_shared<std::promise<void>>();
  auto future = stopped->get_future();
  Stop([stopped] { stopped->set_value(); });
  return future.wait_until(deadline) == std::future_status::ready;
}

void Prefetches::TellIfStopped() {
  if (!stopping_ || !stopped_ || underway_ > 0 || commit_scheduled_) return;
  auto stopped = std::exchange(stopped_, nullptr);
  std::move(stopped)();
}

absl::StatusOr<Prefetches::Ticket> Prefetches::Enter(size_t bytes) {
  // Looking on is welcome to the end.
  if (bytes > 0 && queued_->closed) {
    return WithRefusal(
        absl::UnavailableError("The server is going away; try another one."),
        Refusal::kDraining);
  }
  // One too many at once is not one too many to hold.
  if (queued_->calls >= settings_.max_queued_calls ||
      (bytes > 0 && queued_->bytes >= settings_.max_queued_bytes)) {
    return WithRefusal(
        absl::ResourceExhaustedError("The journal is busy; try again soon."),
        Refusal::kOverloaded);
  }
  return Ticket(queued_, bytes);
}

PrefetchEntry* Prefetches::Find(std::string_view id) {
  const auto found = by_id_.find(Absl(id));
  return found == by_id_.end() ? nullptr : &entries_.at(found->second);
}

void Prefetches::Accept(
    PrefetchKeys keys,
    absl::AnyInvocable<void(absl::StatusOr<uint64_t>) &&> done) {
  size_t bytes = kBytesBesideAKey;
  for (const std::string& key : keys.keys) {
    bytes += key.size() + kBytesBesideAKey;
  }
  auto ticket = Enter(bytes);
  if (!ticket.ok()) {
    std::move(done)(ticket.status());
    return;
  }
  writer_.Post([this, acceptance = Acceptance{std::move(keys), std::move(done),
                                              *std::move(ticket)}]() mutable {
    if (Find(acceptance.keys.id) == nullptr &&
        unfinished_.size() >= settings_.max_unfinished) {
      std::move(acceptance.done)(
          WithRefusal(absl::ResourceExhaustedError(
                          "There are too many prefetches; let some finish."),
                      Refusal::kOverloaded));
      return;
    }
    acceptances_.push_back(std::move(acceptance));
    ScheduleCommit();
  });
}

void Prefetches::List(
    absl::AnyInvocable<void(absl::StatusOr<std::vector<PrefetchView>>) &&>
        done) {
  auto ticket = Enter(0);
  if (!ticket.ok()) {
    std::move(done)(ticket.status());
    return;
  }
  writer_.Post(
      [this, done = std::move(done), held = *std::move(ticket)]() mutable {
        std::vector<PrefetchView> views;
        const TimePoint now = writer_.Now();
        for (const auto& [number, entry] : entries_) {
          views.push_back(entry.View(now));
        }
        std::reverse(views.begin(), views.end());  // the latest first
        std::move(done)(std::move(views));
      });
}

void Prefetches::Cancel(
    std::string id,
    absl::AnyInvocable<void(absl::StatusOr<PrefetchView>) &&> done) {
  auto ticket = Enter(0);
  if (!ticket.ok()) {
    std::move(done)(ticket.status());
    return;
  }
  writer_.Post([this, id = std::move(id), done = std::move(done),
                held = *std::move(ticket)]() mutable {
    const PrefetchEntry* const entry = Find(id);
    if (entry == nullptr) {
      std::move(done)(Unknown());
    } else if (entry->finished()) {
      std::move(done)(entry->View(writer_.Now()));
    } else {
      cancellations_.push_back({entry->record.number, std::move(done)});
      ScheduleCommit();
    }
  });
}

uint64_t Prefetches::Watch(
    std::string id,
    absl::AnyInvocable<void(absl::StatusOr<PrefetchView>)> changed) {
  const uint64_t watch = next_watch_++;
  auto ticket = Enter(0);
  if (!ticket.ok()) {
    changed(ticket.status());
    return watch;
  }
  writer_.Post([this, watch, id = std::move(id), changed = std::move(changed),
                held = *std::move(ticket)]() mutable {
    const PrefetchEntry* const entry = Find(id);
    if (entry == nullptr) {
      changed(Unknown());
    } else {
      watchers_.Add(watch, entry->record.number, std::move(changed));
    }
  });
  return watch;
}

void Prefetches::Unwatch(uint64_t watch) {
  writer_.Post([this, watch] { watchers_.Remove(watch); });
}

}  // namespace frontrunner
