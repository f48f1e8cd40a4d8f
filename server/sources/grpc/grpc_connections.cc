#include "server/sources/grpc/grpc_connections.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "server/net/grpc_time.h"

namespace frontrunner {
namespace {

using grpc::internal::RpcMethod;
using std::chrono::milliseconds;

// How often a connection that is down is given a push. gRPC's own wait between
// two tries to resolve a name grows to two minutes and cannot be set.
constexpr Duration kPushEvery = std::chrono::seconds(1);
// Nothing happens to a connection that is up without gRPC telling.
constexpr Duration kLookEvery = std::chrono::minutes(5);

int Milliseconds(Duration duration) {
  const auto count = std::chrono::ceil<milliseconds>(duration).count();
  return static_cast<int>(
      std::clamp<int64_t>(count, 1, std::numeric_limits<int>::max()));
}

grpc::ChannelArguments ArgumentsFor(const GrpcChannel::Settings& settings) {
  grpc::ChannelArguments arguments;
  // Or channels with equal arguments share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Trying again is the business of the race and its wrappers, which count it.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Messages are small; measuring the way for large ones costs a ping per read.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // No configuration from DNS TXT records: it would cost a query more.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   Milliseconds(settings.connect_timeout));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   Milliseconds(settings.first_backoff));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   Milliseconds(settings.max_backoff));
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS,
                   Milliseconds(settings.max_backoff));
  arguments.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS,
                   Milliseconds(settings.connect_timeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   Milliseconds(settings.keepalive));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   Milliseconds(settings.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  const size_t most = std::numeric_limits<int>::max();
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(std::min(settings.max_receive, most)));
  return arguments;
}

}  // namespace

// The watch over one connection: an operation that ends when its state changes
// or after a while, and is then begun again. It owns itself, and goes when the
// connections have gone or the queue closes.
class GrpcConnections::Watch final : public CompletionTag {
 public:
  static void Begin(const std::shared_ptr<GrpcConnections>& owner,
                    GrpcConnection& connection) {
    (new Watch(owner, connection))->Next(*owner, false);
  }

  void Proceed(bool changed) override {
    PolledQueue& queue = queue_;
    if (auto owner = owner_.lock()) {
      Next(*owner, !changed);
    } else {
      delete this;
    }
    queue.End();
  }

 private:
  Watch(const std::shared_ptr<GrpcConnections>& owner,
        GrpcConnection& connection)
      : owner_(owner), queue_(owner->queue_), connection_(connection) {}

  void Next(GrpcConnections& owner, bool push) {
    grpc::Channel& channel = *connection_.channel;
    // An idle connection is one that was lost: it is opened again.
    const grpc_connectivity_state state = channel.GetState(true);
    owner.Observe(connection_, state);
    if (push && state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      grpc::experimental::ChannelResetConnectionBackoff(&channel);
    }
    if (!queue_.Begin()) {
      // Nobody will hear of this connection any more.
      owner.Observe(connection_, GRPC_CHANNEL_SHUTDOWN);
      delete this;
      return;
    }
    const Duration until =
        state == GRPC_CHANNEL_READY ? kLookEvery : kPushEvery;
    channel.NotifyOnStateChange(
        state, ToGrpcDeadline(std::chrono::steady_clock::now() + until),
        queue_.get(), AsTag(this));
  }

  const std::weak_ptr<GrpcConnections> owner_;
  PolledQueue& queue_;
  GrpcConnection& connection_;  // there as long as the owner
};

GrpcConnections::GrpcConnections(PolledQueue& queue,
                                 GrpcChannel::Settings settings,
                                 std::function<void()> opened)
    : queue_(queue),
      settings_(std::move(settings)),
      opened_(std::move(opened)) {
  if (settings_.counters == nullptr) {
    settings_.counters = std::make_shared<GrpcChannelCounters>();
  }
  const grpc::ChannelArguments arguments = ArgumentsFor(settings_);
  for (int i = 0; i < std::max(1, settings_.connections); ++i) {
    auto connection = std::make_unique<GrpcConnection>();
    connection->channel = grpc::CreateCustomChannel(
        settings_.target, grpc::InsecureChannelCredentials(), arguments);
    for (const std::string& method : settings_.methods) {
      connection->methods.push_back(std::make_unique<RpcMethod>(
          method.c_str(), RpcMethod::NORMAL_RPC, connection->channel));
    }
    connections_.push_back(std::move(connection));
  }
}

void GrpcConnections::Open() {
  for (auto& connection : connections_) {
    Watch::Begin(shared_from_this(), *connection);
  }
}

GrpcConnection& GrpcConnections::Next() {
  const size_t count = connections_.size();
  const size_t first = next_++ % count;
  for (size_t i = 0; i < count; ++i) {
    GrpcConnection& connection = *connections_[(first + i) % count];
    if (connection.ready.load(std::memory_order_relaxed)) return connection;
  }
  return *connections_[first];
}

void GrpcConnections::Observe(GrpcConnection& connection,
                              grpc_connectivity_state state) {
  const bool ready = state == GRPC_CHANNEL_READY;
  bool opened = false;
  {
    const std::lock_guard lock(observing_);
    connection.ready = ready;
    if (ready || state == GRPC_CHANNEL_TRANSIENT_FAILURE ||
        state == GRPC_CHANNEL_SHUTDOWN) {
      connection.opened = true;
    }
    Connectivity now = Connectivity::kDisconnected;
    for (const auto& each : connections_) {
      if (each->ready) {
        now = Connectivity::kConnected;
        break;
      }
      if (!each->opened) now = Connectivity::kOpening;
    }
    opened = connectivity() == Connectivity::kOpening &&
             now != Connectivity::kOpening;
    connectivity_.store(now, std::memory_order_release);
  }
  if (opened) opened_();
}

}  // namespace frontrunner
