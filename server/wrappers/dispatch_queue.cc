#include "server/wrappers/dispatch_queue.h"

#include <utility>

#include "server/wrappers/queue_core.h"

namespace frontrunner {

DispatchQueue::DispatchQueue(Loop& home, Settings settings)
    : core_(std::make_shared<Core>(home, std::move(settings))) {}

DispatchQueue::~DispatchQueue() { core_->Shut(); }

const std::string& DispatchQueue::name() const { return core_->name(); }

TimePoint DispatchQueue::Now() const { return core_->Now(); }

DispatchQueue::State DispatchQueue::state() const { return core_->state(); }

absl::Status DispatchQueue::SetWidth(int width) {
  return core_->SetWidth(width);
}

void DispatchQueue::Pause() { core_->Pause(); }

absl::Status DispatchQueue::Resume(std::optional<int> width) {
  return core_->Resume(width);
}

std::vector<DispatchQueue::Job> DispatchQueue::Pending(size_t max) const {
  return core_->Pending(max);
}

std::vector<DispatchQueue::Job> DispatchQueue::Underway(size_t max) const {
  return core_->Underway(max);
}

std::vector<DispatchQueue::Job> DispatchQueue::Ended(size_t max) const {
  return core_->Ended(max);
}

absl::Status DispatchQueue::Cancel(uint64_t id) { return core_->Cancel(id); }

absl::Status DispatchQueue::Reprioritise(uint64_t id, int priority) {
  return core_->Reprioritise(id, priority);
}

size_t DispatchQueue::ClearPending() { return core_->ClearPending(); }

void DispatchQueue::Drain() { core_->Drain(); }

DispatchQueue::Joined DispatchQueue::Join(Loop& loop, const Query& query,
                                          Waiter& waiter) {
  return core_->Join(loop, query, waiter);
}

std::optional<int> DispatchQueue::Starting(Ticket& ticket) {
  return core_->Starting(ticket);
}

void DispatchQueue::Move(Ticket& ticket, int priority) {
  core_->Move(ticket, priority);
}

bool DispatchQueue::Close(Ticket& ticket, End end, absl::StatusCode code) {
  if (!core_->Close(ticket, end, code)) return false;
  ticket.waiter = nullptr;
  return true;
}

void DispatchQueue::Leave(Ticket& ticket) {
  ticket.waiter = nullptr;
  core_->Close(ticket, End::kCancelled, absl::StatusCode::kCancelled);
}

uint64_t DispatchQueue::IdOf(const Ticket& ticket) { return ticket.job.id; }

}  // namespace frontrunner
