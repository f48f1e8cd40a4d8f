#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/loop/event_loop.h"
#include "server/net/polled_queue.h"
#include "server/sources/grpc/grpc_channel.h"
#include "server/sources/grpc/grpc_source.h"
#include "tests/rpc/edge_server.h"

namespace frontrunner {

/// A real LookupService whose answers the test writes.
class Backend {
 public:
  Backend(const std::string& address, std::function<void(ServerCall&)> handle);
  /// "127.0.0.1:port", or the address where that has no port.
  const std::string& target() const { return target_; }
  GrpcServer& server() { return *server_; }

 private:
  FunctionHandler handler_;
  std::unique_ptr<GrpcServer> server_;
  std::string target_;
};

/// The message of a LookupResponse with a value.
Reply ValueReply(const std::string& value);

/// A source over a real channel on a real loop, asked from the test's thread.
class SourceRig {
 public:
  explicit SourceRig(GrpcChannel::Settings settings);
  /// Cancels what is under way; the queue must run dry.
  ~SourceRig();
  SourceRig(const SourceRig&) = delete;
  SourceRig& operator=(const SourceRig&) = delete;

  /// Starts an attempt; its outcome goes to outcomes(). Its number.
  size_t Start(const Query& query);
  /// Destroys an attempt.
  void Cancel(size_t attempt);
  /// Starts and cancels in one turn of the loop.
  void StartAndCancel(const Query& query);
  /// Asks and waits.
  Outcome Ask(const Query& query);
  /// Asks until it succeeds; the last failure if it never does.
  Outcome AskUntilAnswered(const Query& query);

  Mailbox<Outcome>& outcomes() { return outcomes_; }
  const GrpcChannelCounters& counters() const { return *counters_; }
  Connectivity connectivity() const { return source_->connectivity(); }
  /// False: it does not become so.
  bool WaitFor(Connectivity connectivity) const;
  /// On the loop.
  void WhenOpened(std::function<void()> opened);
  void DestroySource();
  void RunOnLoop(std::function<void()> task);
  PolledQueue& queue() { return *queue_; }

 private:
  EventLoop loop_{EventLoop::Settings{}};
  std::unique_ptr<PolledQueue> queue_ = PolledQueue::ForClients();
  std::shared_ptr<GrpcChannelCounters> counters_ =
      std::make_shared<GrpcChannelCounters>();
  std::unique_ptr<GrpcSource> source_;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  Mailbox<Outcome> outcomes_;
};

/// The settings of a channel to a target, as a source has them.
inline GrpcChannel::Settings ChannelTo(const std::string& target) {
  GrpcChannel::Settings settings;
  settings.target = target;
  settings.methods = {std::string(kLookupMethod)};
  return settings;
}

/// Waits until a condition holds; false: it never does.
bool Eventually(const std::function<bool()>& holds);

}  // namespace frontrunner
