#include "server/sources/computation/pool_state.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace frontrunner {
namespace {

/// Of what a computation costs, on real threads: never a fake clock's.
TimePoint RealNow() { return std::chrono::steady_clock::now(); }

}  // namespace

void ComputationPool::Job::Deliver(const std::shared_ptr<Job>& job,
                                   Outcome outcome) {
  const std::lock_guard lock(job->mutex);
  if (!job->loop) return;
  job->loop->Post([job, outcome = std::move(outcome)]() mutable {
    if (!job->done) return;
    Done then = std::exchange(job->done, nullptr);
    std::move(then)(std::move(outcome));
  });
}

void ComputationPool::Job::Abandon() {
  {
    const std::lock_guard lock(mutex);
    loop = nullptr;
  }
  done = nullptr;
}

bool ComputationPool::State::Queue(const std::shared_ptr<Job>& job,
                                   int priority) {
  {
    const std::lock_guard lock(mutex_);
    // Idle threads count as room: a job for them waits only until they wake.
    const size_t room =
        static_cast<size_t>(settings_.threads) + settings_.max_queue;
    if (queue_.size() + running_ >= room) {
      ++counted_.refused;
      job->stage = Job::Stage::kOver;
      return false;
    }
    job->place = {priority, next_number_++};
    queue_.emplace(job->place, job);
  }
  queued_.notify_one();
  return true;
}

void ComputationPool::State::Cancel(Job& job) {
  std::shared_ptr<Job> dropped;  // freed after the mutex
  {
    const std::lock_guard lock(mutex_);
    if (job.stage == Job::Stage::kOver) return;
    if (job.stage == Job::Stage::kQueued) {
      const auto place = queue_.find(job.place);
      dropped = std::move(place->second);
      queue_.erase(place);
      job.stage = Job::Stage::kOver;
      ++counted_.dropped;
      return;
    }
    job.cancelled = RealNow();
  }
  // Runs stop callbacks, if the function has any: not under the mutex.
  job.stop.request_stop();
}

void ComputationPool::State::Reprioritise(Job& job, int priority) {
  const std::lock_guard lock(mutex_);
  if (job.stage != Job::Stage::kQueued || job.place.first == priority) return;
  auto moved = queue_.extract(job.place);
  job.place.first = priority;
  moved.key() = job.place;
  queue_.insert(std::move(moved));
}

void ComputationPool::State::Work() {
  while (const std::shared_ptr<Job> job = NextJob()) {
    const TimePoint began = RealNow();
    Outcome outcome = CallGuarded(function_, *job->call, job->stop.get_token());
    // Before the delivery, so that whoever has its outcome finds it counted,
    // and its thread and its place free.
    Ended(job, began);
    job->slot = nullptr;
    Job::Deliver(job, std::move(outcome));
  }
  {
    const std::lock_guard lock(mutex_);
    ++workers_left_;
  }
  left_.notify_all();
}

std::shared_ptr<ComputationPool::Job> ComputationPool::State::NextJob() {
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  if (closed_) return nullptr;
  const auto first = queue_.begin();
  std::shared_ptr<Job> job = std::move(first->second);
  queue_.erase(first);
  job->stage = Job::Stage::kRunning;
  ++running_;
  ++counted_.begun;
  return job;
}

void ComputationPool::State::Ended(const std::shared_ptr<Job>& job,
                                   TimePoint began) {
  const TimePoint now = RealNow();
  const std::lock_guard lock(mutex_);
  job->stage = Job::Stage::kOver;
  --running_;
  ++counted_.ended;
  counted_.busy += now - began;
  if (job->cancelled) {
    ++counted_.late;
    counted_.late_busy += now - *job->cancelled;
  }
}

bool ComputationPool::State::Close(size_t workers) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  queued_.notify_all();
  return left_.wait_until(lock, RealNow() + settings_.stop_grace,
                          [&] { return workers_left_ == workers; });
}

absl::Status ComputationPool::State::Refused() const {
  return WithRefusal(absl::ResourceExhaustedError(absl::StrCat(
                         "every thread is busy and ", settings_.max_queue,
                         " computations are waiting")),
                     Refusal::kOverloaded);
}

ComputationStats ComputationPool::State::stats() const {
  const std::lock_guard lock(mutex_);
  ComputationStats stats = counted_;
  stats.running = running_;
  stats.queued = queue_.size();
  return stats;
}

}  // namespace frontrunner
