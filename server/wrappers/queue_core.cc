#include "server/wrappers/queue_core.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/strings.h"

namespace frontrunner {
namespace {

constexpr size_t kMaxEnded = 64;

}  // namespace

DispatchQueue::Ticket::Ticket(std::shared_ptr<Core> its_core, Loop& its_loop,
                              const Query& query, Waiter* its_waiter)
    : core(std::move(its_core)),
      loop(its_loop),
      outer(query.slot),
      waiter(its_waiter) {
  job.call = query.call;
  job.priority = query.priority;
}

DispatchQueue::Ticket::~Ticket() { core->Gone(*this); }

DispatchQueue::Core::Core(Loop& home, Settings settings)
    : home_(home),
      settings_(std::move(settings)),
      width_(settings_.width),
      bucket_(settings_.per_second, settings_.burst) {}

void DispatchQueue::Core::Shut() {
  const std::lock_guard lock(mutex_);
  shut_ = true;
  // To be destroyed on its loop, or right here if that has stopped.
  if (timer_) home_.Post([timer = std::move(timer_)] {});
}

DispatchQueue::Joined DispatchQueue::Core::Join(Loop& loop, const Query& query,
                                                Waiter& waiter) {
  auto ticket =
      std::make_shared<Ticket>(shared_from_this(), loop, query, &waiter);
  const TimePoint now = home_.Now();
  const std::lock_guard lock(mutex_);
  ticket->job.id = ++last_id_;
  ticket->job.queued = now;
  if (pending_.empty() && PlaceFree() && bucket_.TryTake(now)) {
    ++counters_.queued;
    TakePlace(*ticket, now);
    return {std::move(ticket), Turn::kNow};
  }
  if (!draining_ && pending_.size() < settings_.max_pending) {
    ++counters_.queued;
    pending_.Add(*ticket);
    Dispatch(now);
    return {std::move(ticket), Turn::kLater};
  }
  ticket->stage = Ticket::Stage::kOver;
  if (draining_) {
    ++counters_.drained;
    TellFail(*ticket,
             Failure(*ticket, absl::StatusCode::kUnavailable,
                     "was not started, because the server is going away"));
  } else {
    ++counters_.refused;
    TellFail(*ticket,
             Failure(*ticket, absl::StatusCode::kResourceExhausted,
                     "was refused, because as many as allowed are pending"));
  }
  return {std::move(ticket), Turn::kRefused};
}

std::optional<int> DispatchQueue::Core::Starting(Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  if (ticket.stage != Ticket::Stage::kUnderway) return std::nullopt;
  return ticket.job.priority;
}

void DispatchQueue::Core::Move(Ticket& ticket, int priority) {
  const std::lock_guard lock(mutex_);
  if (ticket.stage == Ticket::Stage::kPending) {
    pending_.Move(ticket, priority);
  } else {
    ticket.job.priority = priority;
  }
}

bool DispatchQueue::Core::Close(Ticket& ticket, End end,
                                absl::StatusCode code) {
  const std::lock_guard lock(mutex_);
  switch (ticket.stage) {
    case Ticket::Stage::kLate:
    case Ticket::Stage::kOver:
      return false;
    case Ticket::Stage::kPending:
      pending_.Remove(ticket);
      ticket.stage = Ticket::Stage::kOver;
      ticket.job.code = code;
      Remember(ticket, home_.Now());
      break;
    case Ticket::Stage::kUnderway:
      ticket.stage = Ticket::Stage::kLate;
      ticket.job.code = code;
      ++late_;
      break;
  }
  ++(end == End::kFinished ? counters_.finished : counters_.cancelled);
  return true;
}

void DispatchQueue::Core::Gone(Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  if (ticket.stage != Ticket::Stage::kLate) return;
  --late_;
  underway_.Remove(ticket);
  if (shut_) return;
  const TimePoint now = home_.Now();
  Remember(ticket, now);
  Dispatch(now);
}

void DispatchQueue::Core::Dispatch(TimePoint now) {
  while (!pending_.empty() && PlaceFree()) {
    if (!bucket_.TryTake(now)) {
      WakeWhenNextIsDue();
      return;
    }
    Ticket& ticket = pending_.first();
    pending_.Remove(ticket);
    TakePlace(ticket, now);
    TellBegin(ticket);
  }
}

void DispatchQueue::Core::TakePlace(Ticket& ticket, TimePoint now) {
  ticket.stage = Ticket::Stage::kUnderway;
  ticket.job.started = now;
  underway_.Add(ticket);
  ++counters_.started;
  counters_.wait_sum += now - ticket.job.queued;
}

void DispatchQueue::Core::Remember(Ticket& ticket, TimePoint now) {
  ticket.job.ended = now;
  ended_.push_front(ticket.job);
  if (ended_.size() > kMaxEnded) ended_.pop_back();
}

absl::Status DispatchQueue::Core::Failure(const Ticket& ticket,
                                          absl::StatusCode code,
                                          std::string_view why) const {
  absl::Status status(code, absl::StrCat("job ", ticket.job.id, " of queue ",
                                         settings_.name, " ", Absl(why)));
  if (code == absl::StatusCode::kUnavailable) {
    return WithRefusal(std::move(status), Refusal::kDraining);
  }
  if (code == absl::StatusCode::kResourceExhausted) {
    return WithRefusal(std::move(status), Refusal::kOverloaded);
  }
  return status;
}

void DispatchQueue::Core::TellBegin(Ticket& ticket) {
  ticket.loop.Post([weak = ticket.weak_from_this()] {
    const std::shared_ptr<Ticket> alive = weak.lock();
    if (alive && alive->waiter) alive->waiter->Begin();
  });
}

void DispatchQueue::Core::TellFail(Ticket& ticket, absl::Status failure) {
  ticket.loop.Post(
      [weak = ticket.weak_from_this(), failure = std::move(failure)] {
        Waiter* waiter = nullptr;
        if (const std::shared_ptr<Ticket> alive = weak.lock()) {
          waiter = std::exchange(alive->waiter, nullptr);
        }
        // Not holding the place any more.
        if (waiter) waiter->Fail(failure);
      });
}

void DispatchQueue::Core::WakeWhenNextIsDue() {
  if (wake_wanted_) return;
  wake_wanted_ = true;
  home_.Post([weak = weak_from_this()] {
    if (const auto core = weak.lock()) core->ArmTimer();
  });
}

void DispatchQueue::Core::ArmTimer() {
  const std::lock_guard lock(mutex_);
  if (shut_) return;
  timer_ = home_.At(bucket_.next(), [weak = weak_from_this()] {
    if (const auto core = weak.lock()) core->Wake();
  });
}

void DispatchQueue::Core::Wake() {
  const std::lock_guard lock(mutex_);
  timer_ = nullptr;
  wake_wanted_ = false;
  if (!shut_) Dispatch(home_.Now());
}

}  // namespace frontrunner
