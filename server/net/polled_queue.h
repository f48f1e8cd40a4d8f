#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "server/base/time.h"

namespace grpc {
class CompletionQueue;
}  // namespace grpc

namespace frontrunner {

/// One gRPC completion queue and the thread that polls it. Every tag on it is
/// a CompletionTag. Server calls and client calls share it, so that a reply of
/// a backend needs no further thread.
class PolledQueue {
 public:
  /// Begins to poll, on a thread of this name (at most 15 characters, or it
  /// has none). `queue` is new and not shut down.
  PolledQueue(std::unique_ptr<grpc::CompletionQueue> queue, std::string name);
  /// A queue for client calls alone, where there is no server.
  static std::unique_ptr<PolledQueue> ForClients();
  /// Only after Stop has returned true, or before anything was begun.
  ~PolledQueue();
  PolledQueue(const PolledQueue&) = delete;
  PolledQueue& operator=(const PolledQueue&) = delete;

  grpc::CompletionQueue* get() const { return queue_.get(); }

  /// Any thread. To be called before each client operation is put on the queue;
  /// false: the queue is closing, put nothing on it. The queue goes on being
  /// polled until End has been called as often.
  [[nodiscard]] bool Begin();
  /// Any thread, also inside Proceed.
  void End();

  /// Runs `task` on the queue's thread, soon, never inside this call. Any
  /// thread. False: the queue is closing, and it never runs.
  [[nodiscard]] bool Post(absl::AnyInvocable<void() &&> task);

  /// Refuses every Begin from now on; the queue ends when nothing is under way.
  /// Any thread, any number of times.
  void Close();

  /// Closes and waits until the thread has ended; false if it has not by
  /// `deadline`: then somebody has not ended what he began, and the queue may
  /// neither be stopped nor destroyed (the caller leaks it; its thread goes
  /// on). Not on the queue's own thread.
  [[nodiscard]] bool Stop(TimePoint deadline);

 private:
  class PostedTask;
  void Poll(const std::string& name);

  const std::unique_ptr<grpc::CompletionQueue> queue_;
  // Operations under way, and one more until Close.
  std::atomic<int64_t> under_way_{1};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace frontrunner
