#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/wrappers/dispatch_queue.h"

namespace frontrunner {

/// Whoever holds it holds the job's place.
class DispatchQueue::Ticket : public std::enable_shared_from_this<Ticket> {
 public:
  Ticket(std::shared_ptr<Core> core, Loop& loop, const Query& query,
         Waiter* waiter);
  /// Gives the place back. Any thread.
  ~Ticket();
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

  enum class Stage {
    kPending,
    kUnderway,
    /// Has a place, and nobody waits for it.
    kLate,
    /// Has no place, and nobody waits for it.
    kOver,
  };
  /// Priority, then the number of those that came to it.
  using Place = std::pair<int, uint64_t>;

  const std::shared_ptr<Core> core;
  Loop& loop;
  /// Of the queue outside this one, if there is one.
  const std::shared_ptr<const void> outer;

  // For the loop's thread alone. Null: nobody waits any more.
  Waiter* waiter;

  // The id is set before anybody else knows it, and then only read; the rest
  // is guarded by the core's mutex.
  Job job;
  Stage stage = Stage::kPending;
  Place place;
  Ticket* previous = nullptr;
  Ticket* next = nullptr;
};

/// Those that wait for their turn, in its order. Owns none.
class DispatchQueue::PendingJobs {
 public:
  using Ordered = std::map<Ticket::Place, Ticket*>;

  bool empty() const { return ordered_.empty(); }
  size_t size() const { return ordered_.size(); }
  const Ordered& ordered() const { return ordered_; }

  /// Behind those of its priority.
  void Add(Ticket& ticket) {
    ticket.place = {ticket.job.priority, next_number_++};
    ordered_.emplace(ticket.place, &ticket);
    by_id_.emplace(ticket.job.id, &ticket);
  }
  void Remove(Ticket& ticket) {
    ordered_.erase(ticket.place);
    by_id_.erase(ticket.job.id);
  }
  /// Not when it is empty.
  Ticket& first() const { return *ordered_.begin()->second; }

  void Move(Ticket& ticket, int priority) {
    if (ticket.job.priority == priority) return;
    auto moved = ordered_.extract(ticket.place);
    ticket.job.priority = priority;
    ticket.place = {priority, next_number_++};
    moved.key() = ticket.place;
    ordered_.insert(std::move(moved));
  }

  /// Null if there is none.
  Ticket* Find(uint64_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }

 private:
  Ordered ordered_;
  absl::flat_hash_map<uint64_t, Ticket*> by_id_;
  uint64_t next_number_ = 0;
};

/// Those that have a place, in the order of their starting, linked through
/// themselves. Owns none.
class DispatchQueue::UnderwayJobs {
 public:
  size_t size() const { return size_; }
  /// Null at the end; go on with Ticket::next.
  Ticket* first() const { return first_; }

  void Add(Ticket& ticket) {
    ticket.previous = last_;
    (last_ ? last_->next : first_) = &ticket;
    last_ = &ticket;
    ++size_;
  }
  void Remove(Ticket& ticket) {
    (ticket.previous ? ticket.previous->next : first_) = ticket.next;
    (ticket.next ? ticket.next->previous : last_) = ticket.previous;
    --size_;
  }
  Ticket* Find(uint64_t id) const {
    Ticket* ticket = first_;
    while (ticket && ticket->job.id != id) ticket = ticket->next;
    return ticket;
  }

 private:
  Ticket* first_ = nullptr;
  Ticket* last_ = nullptr;
  size_t size_ = 0;
};

}  // namespace frontrunner
