#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/base/time.h"
#include "server/net/polled_queue.h"
#include "server/rpc/transport.h"

namespace frontrunner {

/// Serves routes by gRPC: TCP and Unix sockets, completion queues, one edge
/// thread per queue. Messages are bytes; a method that is not among the routes
/// is answered UNIMPLEMENTED, a message above the limit RESOURCE_EXHAUSTED.
///
/// In its life: made (the queues are polled from then on, so that sources may
/// call backends over them), Start, Shutdown, then whoever uses the queues
/// goes, then the server is destroyed.
class GrpcServer {
 public:
  struct Settings {
    /// "127.0.0.1:7979", "[::1]:0" (0: any free port), "unix:/path". A taken
    /// port is an error; a socket file that nobody listens on is replaced.
    std::vector<std::string> listen;
    /// Queues, each with its thread. 1 or more.
    int edge_threads = 1;
    /// What the threads are called, with a number: at most 12 characters.
    std::string thread_name = "edge";
    /// The largest request message, in bytes.
    size_t max_message = size_t{4} << 20;
    /// Calls under way on one connection; further ones wait in the client.
    int max_concurrent_streams = 2048;
    /// A connection as old is sent GOAWAY (gRPC takes a tenth more or less);
    /// its calls may go on for the grace. Zero: connections stay.
    Duration max_connection_age = Duration::zero();
    Duration max_connection_age_grace = std::chrono::minutes(2);
    /// Calls of each method that each queue can accept without the edge thread
    /// having run in between; further ones wait in gRPC.
    int posted_calls = 16;
    /// Once it shuts down and has been without a call for so long, connections
    /// are closed that callers have left open.
    Duration goodbye = std::chrono::seconds(1);
    /// How long after its deadline Shutdown waits for calls that it has
    /// cancelled to be finished, and the destructor for the queues to run dry.
    Duration patience = std::chrono::seconds(5);
    /// Serves grpc.channelz.v1 too: gRPC's own view of this process's channels
    /// and servers. gRPC keeps this switch per process, so every server made
    /// later has it as well: make the one that wants it last.
    bool channelz = false;
  };

  /// Makes the queues and starts their threads; listens to nobody yet.
  explicit GrpcServer(Settings settings);

  /// Shuts down at once if that has not been done, then closes the queues and
  /// waits for their last operations. Where something never ends within
  /// `patience`, it is left behind with its threads (leaked): the process
  /// should end. Loops and handlers outlive the server; sources go before it.
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  size_t queues() const;
  /// For client calls; `index` is below queues(). Valid as long as the server.
  PolledQueue& queue(size_t index);

  /// Begins to serve. Once. The handlers outlive the server. An error names the
  /// address that could not be listened on, and why; nothing is served then.
  absl::Status Start(std::vector<Route> routes);

  /// The ports that are listened on, in the order of `listen`; 0 for a Unix
  /// socket. Empty before Start.
  const std::vector<int>& ports() const;

  /// Calls accepted and not yet over, as they were a moment ago. Any thread.
  int64_t open_calls() const;

  /// Stops accepting (clients are sent GOAWAY, listeners and socket files go)
  /// and lets the calls under way go on; connections are closed a moment after
  /// the last (`goodbye`). Calls still open at `deadline` are
  /// cancelled, whereupon their handlers owe Finish. OK when every call is
  /// over; DEADLINE_EXCEEDED, saying how many calls are open, if there are such
  /// `patience` after the deadline: a handler has lost a call, and this is the
  /// watchdog that keeps it from hanging the process. Blocks; not on an edge or
  /// loop thread. A second call keeps the first deadline and only waits. The
  /// queues are polled on for client calls.
  absl::Status Shutdown(TimePoint deadline);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace frontrunner
