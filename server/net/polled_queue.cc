#include "server/net/polled_queue.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <pthread.h>

#include <csignal>
#include <utility>

#include "server/net/completion_tag.h"

namespace frontrunner {
namespace {

// A signal to the process belongs to whoever handles signals, never to a thread
// that polls.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

class PolledQueue::PostedTask final : public CompletionTag {
 public:
  PostedTask(PolledQueue& queue, absl::AnyInvocable<void() &&> task)
      : queue_(queue), task_(std::move(task)) {}

  // It stays until it has run and this has returned, whichever is later.
  static void Set(const std::shared_ptr<PostedTask>& posted) {
    posted->self_ = posted;
    posted->alarm_.Set(posted->queue_.get(), gpr_time_0(GPR_CLOCK_MONOTONIC),
                       AsTag(posted.get()));
  }

  void Proceed(bool /*ok*/) override {
    PolledQueue& queue = queue_;
    std::move(task_)();
    std::exchange(self_, nullptr).reset();
    queue.End();
  }

 private:
  PolledQueue& queue_;
  absl::AnyInvocable<void() &&> task_;
  // The only thing of gRPC's that brings a thread to its queue.
  grpc::Alarm alarm_;
  std::shared_ptr<PostedTask> self_;
};

PolledQueue::PolledQueue(std::unique_ptr<grpc::CompletionQueue> queue,
                         std::string name)
    : queue_(std::move(queue)),
      thread_([this, name = std::move(name)] { Poll(name); }) {}

std::unique_ptr<PolledQueue> PolledQueue::ForClients() {
  return std::make_unique<PolledQueue>(
      std::make_unique<grpc::CompletionQueue>(), "grpc-client");
}

PolledQueue::~PolledQueue() {
  Close();
  if (thread_.joinable()) thread_.join();
}

bool PolledQueue::Begin() {
  int64_t count = under_way_.load(std::memory_order_relaxed);
  while (!closed_.load(std::memory_order_acquire) && count > 0) {
    if (under_way_.compare_exchange_weak(count, count + 1,
                                         std::memory_order_acq_rel)) {
      return true;
    }
  }
  return false;
}

void PolledQueue::End() {
  if (under_way_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    queue_->Shutdown();
  }
}

bool PolledQueue::Post(absl::AnyInvocable<void() &&> task) {
  if (!Begin()) return false;
  PostedTask::Set(std::make_shared<PostedTask>(*this, std::move(task)));
  return true;
}

void PolledQueue::Close() {
  if (!closed_.exchange(true, std::memory_order_acq_rel)) End();
}

bool PolledQueue::Stop(TimePoint deadline) {
  Close();
  {
    std::unique_lock lock(mutex_);
    if (!ended_changed_.wait_until(lock, deadline, [this] { return ended_; })) {
      return false;
    }
  }
  if (thread_.joinable()) thread_.join();
  return true;
}

void PolledQueue::Poll(const std::string& name) {
  BlockSignals();
  pthread_setname_np(pthread_self(), name.c_str());
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    static_cast<CompletionTag*>(tag)->Proceed(ok);
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

}  // namespace frontrunner
