#include "server/net/polled_queue.h"

#include <grpcpp/completion_queue.h>

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

PolledQueue::PolledQueue(std::unique_ptr<grpc::CompletionQueue> queue)
    : queue_(std::move(queue)), thread_([this] { Poll(); }) {}

std::unique_ptr<PolledQueue> PolledQueue::ForClients() {
  return std::make_unique<PolledQueue>(
      std::make_unique<grpc::CompletionQueue>());
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

void PolledQueue::Poll() {
  BlockSignals();
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
