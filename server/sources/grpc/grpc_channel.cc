#include "server/sources/grpc/grpc_channel.h"

#include <utility>

#include "server/sources/grpc/grpc_client_call.h"
#include "server/sources/grpc/grpc_connections.h"

namespace frontrunner {
namespace {

// What the caller of Start holds.
class CallHandle final : public ClientCall {
 public:
  explicit CallHandle(std::shared_ptr<GrpcClientCall> call)
      : call_(std::move(call)) {}
  ~CallHandle() override { call_->Abandon(); }
  CallHandle(const CallHandle&) = delete;
  CallHandle& operator=(const CallHandle&) = delete;

 private:
  const std::shared_ptr<GrpcClientCall> call_;
};

}  // namespace

// Who waits for the first connection attempt to end. The loop's alone: the
// queue's thread knows it weakly, and only posts.
struct GrpcChannel::Waiting {
  bool opened = false;
  std::vector<absl::AnyInvocable<void() &&>> callbacks;

  void Open() {
    opened = true;
    // One of them may destroy the channel.
    for (auto& callback : std::exchange(callbacks, {})) std::move(callback)();
  }
};

GrpcChannel::GrpcChannel(Loop& loop, PolledQueue& queue, Settings settings)
    : waiting_(std::make_shared<Waiting>()),
      connections_(std::make_shared<GrpcConnections>(
          queue, std::move(settings),
          [&loop, waiting = std::weak_ptr<Waiting>(waiting_)] {
            loop.Post([waiting] {
              if (auto alive = waiting.lock()) alive->Open();
            });
          })),
      loop_(loop) {
  connections_->Open();
}

GrpcChannel::~GrpcChannel() = default;

std::string_view GrpcChannel::target() const {
  return connections_->settings().target;
}

std::unique_ptr<ClientCall> GrpcChannel::Start(ClientRequest request,
                                               ClientDone done) {
  auto call = std::make_shared<GrpcClientCall>(
      loop_, connections_, std::move(request), std::move(done));
  loop_.Post([call] { call->Begin(); });
  return std::make_unique<CallHandle>(std::move(call));
}

Connectivity GrpcChannel::connectivity() const {
  return connections_->connectivity();
}

void GrpcChannel::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  waiting_->callbacks.push_back(std::move(opened));
  // Perhaps it has happened since the caller looked.
  if (waiting_->opened) {
    loop_.Post([waiting = std::weak_ptr<Waiting>(waiting_)] {
      if (auto alive = waiting.lock()) alive->Open();
    });
  }
}

const GrpcChannelCounters& GrpcChannel::counters() const {
  return connections_->counters();
}

}  // namespace frontrunner
