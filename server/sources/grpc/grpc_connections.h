#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/impl/rpc_method.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/net/completion_tag.h"
#include "server/net/polled_queue.h"
#include "server/race/source.h"
#include "server/sources/grpc/grpc_channel.h"

namespace frontrunner {

/// One gRPC channel with one connection, and what is known about it.
struct GrpcConnection {
  std::shared_ptr<grpc::Channel> channel;
  /// Those registered beforehand; the names are the settings'.
  std::vector<std::unique_ptr<grpc::internal::RpcMethod>> methods;
  std::atomic<bool> ready{false};
  /// Whether the first attempt has ended.
  std::atomic<bool> opened{false};
};

/// The connections of one GrpcChannel, and the watch over them. Shared by the
/// channel, its calls and the watch; whoever is last destroys it, on any
/// thread, so it holds nothing that belongs to the loop.
class GrpcConnections final
    : public std::enable_shared_from_this<GrpcConnections> {
 public:
  /// `opened` runs once, on the queue's thread or inside Open, when
  /// connectivity() stops being kOpening.
  GrpcConnections(PolledQueue& queue, GrpcChannel::Settings settings,
                  std::function<void()> opened);

  /// Begins to connect and to watch. Once, after construction.
  void Open();

  /// The next connection in turn, a ready one if there is any. The loop's
  /// thread only.
  GrpcConnection& Next();

  Connectivity connectivity() const {
    return connectivity_.load(std::memory_order_acquire);
  }
  const GrpcChannel::Settings& settings() const { return settings_; }
  GrpcChannelCounters& counters() const { return *settings_.counters; }
  PolledQueue& queue() const { return queue_; }

 private:
  class Watch;

  void Observe(GrpcConnection& connection, grpc_connectivity_state state);

  PolledQueue& queue_;
  GrpcChannel::Settings settings_;
  const std::function<void()> opened_;
  std::vector<std::unique_ptr<GrpcConnection>> connections_;
  std::atomic<Connectivity> connectivity_{Connectivity::kOpening};
  std::mutex observing_;  // one at a time changes what is known
  size_t next_ = 0;
};

}  // namespace frontrunner
