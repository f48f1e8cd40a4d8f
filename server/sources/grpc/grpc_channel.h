#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/time.h"
#include "server/loop/loop.h"
#include "server/net/polled_queue.h"
#include "server/sources/grpc/channel.h"

namespace frontrunner {

/// Counted since the start; relaxed atomics, written by any thread.
struct GrpcChannelCounters {
  /// Calls sent to the backend.
  std::atomic<uint64_t> sent{0};
  /// Calls given up before anything was sent.
  std::atomic<uint64_t> never_sent{0};
  /// Calls cancelled after they had been sent.
  std::atomic<uint64_t> cancelled{0};
  /// Of those, the ones whose answer came all the same: work for nobody.
  std::atomic<uint64_t> late_results{0};
};

/// A ClientChannel by gRPC C++, without TLS. Its connections are opened at once
/// and opened again, with a bounded backoff, as long as it lives; names are
/// resolved again when they fail. No proxy of the environment is used.
class GrpcChannel final : public ClientChannel {
 public:
  struct Settings {
    /// As gRPC names it: "dns:///names:50051", "127.0.0.1:50051",
    /// "unix:/path", "ipv4:10.0.0.1:1,10.0.0.2:1".
    std::string target;
    /// Per channel, and so per loop. 1 or more.
    int connections = 1;
    /// The methods that will be called; others can be, at a little more cost.
    std::vector<std::string> methods;
    /// The largest response in bytes; a larger one is kResourceExhausted.
    size_t max_receive = size_t{4} << 20;
    /// How long one attempt to connect may take.
    Duration connect_timeout = std::chrono::seconds(1);
    /// Between attempts: from this, growing, to that.
    Duration first_backoff = std::chrono::milliseconds(50);
    Duration max_backoff = std::chrono::seconds(1);
    /// A connection with calls under way on which nothing came for so long is
    /// probed, and dropped where no answer comes for keepalive_timeout.
    Duration keepalive = std::chrono::seconds(30);
    Duration keepalive_timeout = std::chrono::seconds(5);
    /// May be shared by the channels of several loops. Null: its own.
    std::shared_ptr<GrpcChannelCounters> counters;
  };

  /// The loop outlives the queue's thread (what the queue brings is posted to
  /// it); the queue outlives the channel and its calls. Destroy the channel,
  /// and cancel its calls, before the queue is stopped: the queue's thread goes
  /// on until their tags have come.
  GrpcChannel(Loop& loop, PolledQueue& queue, Settings settings);
  ~GrpcChannel() override;

  std::string_view target() const override;
  std::unique_ptr<ClientCall> Start(ClientRequest request,
                                    ClientDone done) override;
  Connectivity connectivity() const override;
  void WhenOpened(absl::AnyInvocable<void() &&> opened) override;

  const GrpcChannelCounters& counters() const;

 private:
  struct Waiting;
  const std::shared_ptr<Waiting> waiting_;
  const std::shared_ptr<class GrpcConnections> connections_;
  Loop& loop_;
};

}  // namespace frontrunner
