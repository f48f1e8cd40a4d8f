#include "server/sources/computation/pool.h"

#include <atomic>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sources/computation/pool_state.h"

namespace frontrunner {

struct ComputationPool::Worker {
  std::thread thread;
  /// Set as the last thing: joining it takes no time then.
  std::shared_ptr<std::atomic<bool>> left;
};

/// Holds the job for the loop; takes it back when it is destroyed.
class ComputationPool::JobAttempt final : public Attempt {
 public:
  JobAttempt(std::shared_ptr<ComputationPool> pool, std::shared_ptr<Job> job)
      : pool_(std::move(pool)), job_(std::move(job)) {}
  ~JobAttempt() override {
    job_->Abandon();
    pool_->state_->Cancel(*job_);
  }
  void Reprioritise(int priority) override {
    pool_->state_->Reprioritise(*job_, priority);
  }

 private:
  const std::shared_ptr<ComputationPool> pool_;
  const std::shared_ptr<Job> job_;
};

ComputationPool::ComputationPool(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

absl::StatusOr<std::shared_ptr<ComputationPool>> ComputationPool::Create(
    ComputeFunction function, Settings settings) {
  if (settings.threads < 1) {
    return absl::InvalidArgumentError("a computation needs a thread");
  }
  if (!function) return absl::InvalidArgumentError("there is no function");
  const std::shared_ptr<ComputationPool> pool(new ComputationPool(
      std::make_shared<State>(std::move(function), settings)));
  pool->workers_.reserve(static_cast<size_t>(settings.threads));
  try {
    for (int i = 0; i < settings.threads; ++i) {
      auto left = std::make_shared<std::atomic<bool>>(false);
      std::thread thread([state = pool->state_, left]() mutable {
        state->Work();
        state.reset();
        *left = true;
      });
      pool->workers_.push_back({std::move(thread), std::move(left)});
    }
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("can't start ", settings.threads,
                     " threads: ", PlainMessage(error.what())));
  }
  return pool;
}

ComputationPool::~ComputationPool() {
  const bool all_left = state_->Close(workers_.size());
  for (Worker& worker : workers_) {
    if (all_left || *worker.left) {
      worker.thread.join();
    } else {
      worker.thread.detach();
    }
  }
}

std::unique_ptr<Attempt> ComputationPool::Start(
    const std::shared_ptr<ComputationPool>& pool, Loop& loop,
    const Query& query, Done done) {
  auto job = std::make_shared<Job>();
  job->call = query.call;
  job->done = std::move(done);
  job->loop = &loop;
  job->slot = query.slot;
  if (!pool->state_->Queue(job, query.priority)) {
    job->slot = nullptr;
    Job::Deliver(job, pool->state_->Refused());
  }
  return std::make_unique<JobAttempt>(pool, std::move(job));
}

ComputationStats ComputationPool::stats() const { return state_->stats(); }

}  // namespace frontrunner
