#include "server/rpc/grpc_server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/net/grpc_time.h"
#include "server/rpc/grpc_call.h"
#include "server/rpc/listen_address.h"
#include "server/rpc/listening.h"

namespace frontrunner {
namespace {

// Clients that ping an idle connection (ours every 30 seconds) are no
// attackers.
constexpr int kLeastPingIntervalMs = 5000;
// A client whose machine has vanished is noticed after so long without a word.
constexpr int kKeepaliveMs = 60000;
constexpr int kKeepaliveTimeoutMs = 20000;

TimePoint Now() { return std::chrono::steady_clock::now(); }

// Of what fits: 24 days.
int Milliseconds(Duration duration) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(
      std::min<int64_t>(milliseconds, std::numeric_limits<int>::max()));
}

// Does not overflow where `deadline` is kNever.
TimePoint Later(TimePoint deadline, Duration by) {
  return deadline > kNever - by ? kNever : deadline + by;
}

}  // namespace

class GrpcServer::Core {
 public:
  explicit Core(Settings settings) : settings_(std::move(settings)) {
    const int threads = std::max(1, settings_.edge_threads);
    for (int i = 0; i < threads; ++i) {
      auto queue = builder_.AddCompletionQueue();
      server_queues_.push_back(queue.get());
      queues_.push_back(std::make_unique<PolledQueue>(
          std::move(queue), absl::StrCat(settings_.thread_name, "-", i)));
    }
    open_ = std::vector<OpenCalls>(queues_.size());
  }

  absl::Status Start(std::vector<Route> routes) {
    if (started_) return absl::FailedPreconditionError("started already");
    std::vector<std::string> socket_paths;
    for (const std::string& address : settings_.listen) {
      auto path = UnixPath(address);
      // gRPC would only say that it failed, not why.
      absl::Status status =
          path ? MakeWayForUnixSocket(*path) : BindTo(address).status();
      if (!status.ok()) return status;
      if (path) socket_paths.push_back(*std::move(path));
    }
    routes_ = std::move(routes);
    service_ = std::make_unique<RawService>(routes_);
    std::vector<int> ports(settings_.listen.size(), 0);
    Configure(ports.data());
    server_ = builder_.BuildAndStart();
    started_ = true;
    if (server_ == nullptr) return WhyNotStarted(ports);
    for (std::string& path : socket_paths) {
      socket_files_.emplace_back(std::move(path));
    }
    for (size_t i = 0; i < ports.size(); ++i) {
      ports_.push_back(UnixPath(settings_.listen[i]) ? 0 : ports[i]);
    }
    PostCalls();
    return absl::OkStatus();
  }

  // False: calls are open beyond the deadline and the patience after it.
  bool Shutdown(TimePoint deadline) {
    if (server_ == nullptr) return true;
    if (!shutdown_.valid()) {
      std::promise<void> over;
      shutdown_ = over.get_future();
      // Not here: should gRPC wait for ever, this thread does not.
      std::thread([this, deadline, over = std::move(over)]() mutable {
        server_->Shutdown(ToGrpcDeadline(deadline));
        over.set_value();
      }).detach();
    }
    const TimePoint until = Later(deadline, settings_.patience);
    if (!WaitForConnections(until)) return false;
    // gRPC is done with a call that it has cancelled; its handler may not be.
    while (open_calls() != 0) {
      if (Now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (const UnixSocketFile& file : socket_files_) file.Remove();
    socket_files_.clear();
    return true;
  }

  // False: something on a queue never ends.
  bool StopQueues() {
    const TimePoint deadline = Later(Now(), settings_.patience);
    bool stopped = true;
    for (auto& queue : queues_) queue->Close();
    for (auto& queue : queues_) stopped = queue->Stop(deadline) && stopped;
    return stopped;
  }

  // gRPC waits for callers to close their connections, and one who does nothing
  // may take seconds to hear that it should. False: not until `deadline`.
  bool WaitForConnections(TimePoint deadline) {
    constexpr Duration kLook = std::chrono::milliseconds(10);
    TimePoint in_use = Now();
    bool cut = false;
    for (;;) {
      const TimePoint now = Now();
      if (open_calls() != 0) in_use = now;
      if (!cut && now - in_use >= settings_.goodbye) {
        // The C++ API can only name a time beforehand.
        grpc_server_cancel_all_calls(server_->c_server());
        cut = true;
      }
      const TimePoint next = std::min<TimePoint>(deadline, now + kLook);
      if (shutdown_.wait_until(next) == std::future_status::ready) return true;
      if (now >= deadline) return false;
    }
  }

  int64_t open_calls() const {
    int64_t sum = 0;
    for (const OpenCalls& open : open_) {
      sum += open.count.load(std::memory_order_relaxed);
    }
    return sum;
  }

  size_t queues() const { return queues_.size(); }
  PolledQueue& queue(size_t index) { return *queues_[index]; }
  const std::vector<int>& ports() const { return ports_; }

 private:
  void Configure(int* ports) {
    const size_t most = std::numeric_limits<int>::max();
    builder_.SetMaxReceiveMessageSize(
        static_cast<int>(std::min(settings_.max_message, most)));
    builder_.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder_.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                                settings_.max_concurrent_streams);
    builder_.AddChannelArgument(
        GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
        kLeastPingIntervalMs);
    builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                                kKeepaliveTimeoutMs);
    if (settings_.max_connection_age > Duration::zero()) {
      builder_.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                  Milliseconds(settings_.max_connection_age));
      builder_.AddChannelArgument(
          GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
          Milliseconds(settings_.max_connection_age_grace));
    }
    for (const std::string& address : settings_.listen) {
      builder_.AddListeningPort(address, grpc::InsecureServerCredentials(),
                                ports++);
    }
    builder_.RegisterService(service_.get());
  }

  // gRPC binds in order and stops at the first failure. It was possible to
  // listen on all a moment ago, so somebody has come in between.
  absl::Status WhyNotStarted(const std::vector<int>& ports) const {
    const auto failed = std::find(ports.begin(), ports.end(), 0);
    if (failed == ports.end()) {
      return absl::InternalError("gRPC did not start the server");
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot listen on ", settings_.listen[failed - ports.begin()]));
  }

  void PostCalls() {
    sites_.reserve(server_queues_.size() * routes_.size());
    for (size_t queue = 0; queue < server_queues_.size(); ++queue) {
      for (size_t route = 0; route < routes_.size(); ++route) {
        sites_.push_back({.service = service_.get(),
                          .index = static_cast<int>(route),
                          .kind = routes_[route].kind,
                          .handler = routes_[route].handler,
                          .queue = server_queues_[queue],
                          .polled = queues_[queue].get(),
                          .open = &open_[queue]});
      }
    }
    for (const CallSite& site : sites_) {
      for (int i = 0; i < std::max(1, settings_.posted_calls); ++i) {
        PostCall(site);
      }
    }
  }

  const Settings settings_;
  grpc::ServerBuilder builder_;
  std::vector<grpc::ServerCompletionQueue*> server_queues_;
  std::vector<OpenCalls> open_;
  std::vector<std::unique_ptr<PolledQueue>> queues_;
  std::vector<Route> routes_;
  std::unique_ptr<RawService> service_;
  std::vector<CallSite> sites_;
  std::vector<UnixSocketFile> socket_files_;
  std::vector<int> ports_;
  bool started_ = false;
  std::future<void> shutdown_;
  // Before the queues that its calls are on.
  std::unique_ptr<grpc::Server> server_;
};

GrpcServer::GrpcServer(Settings settings) {
  if (settings.channelz) grpc::channelz::experimental::InitChannelzService();
  core_ = std::make_unique<Core>(std::move(settings));
}

GrpcServer::~GrpcServer() {
  // What cannot be ended is leaked on purpose: its threads still use it.
  if (!core_->Shutdown(Now()) || !core_->StopQueues()) {
    static_cast<void>(core_.release());
  }
}

size_t GrpcServer::queues() const { return core_->queues(); }
PolledQueue& GrpcServer::queue(size_t index) { return core_->queue(index); }
const std::vector<int>& GrpcServer::ports() const { return core_->ports(); }
int64_t GrpcServer::open_calls() const { return core_->open_calls(); }

absl::Status GrpcServer::Start(std::vector<Route> routes) {
  return core_->Start(std::move(routes));
}

absl::Status GrpcServer::Shutdown(TimePoint deadline) {
  if (core_->Shutdown(deadline)) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the server could not be shut down: ", core_->open_calls(),
                   " calls were cancelled and never finished"));
}

}  // namespace frontrunner
