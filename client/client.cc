#include "client/client.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>

#include "client/async_lookup.h"
#include "client/channel.h"
#include "frontrunner/v1/lookup.grpc.pb.h"

namespace frontrunner {
namespace {

/// Destroying it cancels, as the public header says.
class Pending final : public AsyncCall {
 public:
  explicit Pending(std::shared_ptr<AsyncLookup> lookup)
      : lookup_(std::move(lookup)) {}
  ~Pending() override { lookup_->Cancel(); }

 private:
  std::shared_ptr<AsyncLookup> lookup_;
};

}  // namespace

class Client::Impl {
 public:
  explicit Impl(Settings settings)
      : settings_(std::move(settings)),
        stub_(v1::LookupService::NewStub(
            MakeChannel(settings_.address, settings_.max_message))),
        random_(std::random_device()()) {}

  ~Impl() {
    std::unique_lock lock(mutex_);
    const auto underway = underway_;
    lock.unlock();
    for (const auto& [lookup, owner] : underway) owner->Cancel();
    lock.lock();
    none_underway_.wait(lock, [this] { return underway_.empty(); });
  }

  TimePoint DeadlineOf(const CallOptions& options) const {
    const TimePoint now = std::chrono::steady_clock::now();
    const Duration in = options.deadline.value_or(settings_.deadline);
    return in < kNever - now ? now + in : kNever;
  }

  // Runs `attempt` (ClientContext& → absl::Status) until it succeeds or the
  // policy says no.
  template <typename Attempt>
  absl::Status WithRetries(const CallOptions& options, Attempt attempt) {
    const TimePoint deadline = DeadlineOf(options);
    for (int tried = 1;; ++tried) {
      grpc::ClientContext context;
      context.set_deadline(
          SystemDeadline(deadline - std::chrono::steady_clock::now()));
      absl::Status status = attempt(context);
      if (status.ok()) return status;
      const auto delay = settings_.retry.DelayAfter(
          status, tried, deadline - std::chrono::steady_clock::now(), Random());
      if (!delay) return status;
      std::this_thread::sleep_for(*delay);
    }
  }

  absl::Status Batch(const v1::BatchLookupRequest& request,
                     absl::FunctionRef<void(BatchAnswer)> answered,
                     const CallOptions& options) {
    bool any = false;
    absl::Status last;
    const auto tries = WithRetries(options, [&](grpc::ClientContext& context) {
      const auto reader = stub_->BatchLookup(&context, request);
      v1::BatchLookupResponse response;
      while (reader->Read(&response)) {
        any = true;
        answered(ToAnswer(response));
      }
      last = FromGrpc(reader->Finish());
      // What was answered would be answered again: no further try then.
      return any ? absl::OkStatus() : last;
    });
    return any ? last : tries;
  }

  std::unique_ptr<AsyncCall> LookupAsync(const v1::LookupRequest& request,
                                         LookupDone done,
                                         const CallOptions& options) {
    const auto lookup = std::make_shared<AsyncLookup>(AsyncLookup::Settings{
        .stub = stub_.get(),
        .retry = settings_.retry,
        .deadline = DeadlineOf(options),
        .request = request,
        .done = std::move(done),
        .random = [this] { return Random(); },
        .ended = [this](AsyncLookup* ended) { Remove(ended); }});
    bool room = false;
    {
      const std::lock_guard lock(mutex_);
      room = underway_.size() < settings_.max_pending;
      underway_.emplace(lookup.get(), lookup);
    }
    if (room) {
      lookup->Start();
    } else {
      lookup->Refuse(absl::ResourceExhaustedError(
          "too many asynchronous lookups under way in this client"));
    }
    return std::make_unique<Pending>(lookup);
  }

  v1::LookupService::Stub& stub() { return *stub_; }

 private:
  static BatchAnswer ToAnswer(v1::BatchLookupResponse& response) {
    BatchAnswer answer{.key = std::move(*response.mutable_key()),
                       .found = absl::InternalError("an answer without either "
                                                    "value or failure")};
    if (response.has_found()) {
      answer.found = std::move(*response.mutable_found());
    } else if (response.has_failed()) {
      answer.found = StatusFromRpc(response.failed());
    }
    return answer;
  }

  double Random() {
    const std::lock_guard lock(mutex_);
    return std::uniform_real_distribution<double>()(random_);
  }

  void Remove(AsyncLookup* lookup) {
    // Freed after the lock is: it may be the last reference.
    std::shared_ptr<AsyncLookup> removed;
    const std::lock_guard lock(mutex_);
    const auto found = underway_.find(lookup);
    removed = std::move(found->second);
    underway_.erase(found);
    // Under the lock: the destructor may be waiting for just this.
    if (underway_.empty()) none_underway_.notify_all();
  }

  const Settings settings_;
  std::unique_ptr<v1::LookupService::Stub> stub_;

  std::mutex mutex_;
  std::minstd_rand random_;
  std::unordered_map<AsyncLookup*, std::shared_ptr<AsyncLookup>> underway_;
  std::condition_variable none_underway_;
};

Client::Client(Settings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))) {}

Client::~Client() = default;

absl::StatusOr<v1::LookupResponse> Client::Lookup(
    const v1::LookupRequest& request, const CallOptions& options) {
  v1::LookupResponse response;
  const auto status =
      impl_->WithRetries(options, [&](grpc::ClientContext& context) {
        response.Clear();
        return FromGrpc(impl_->stub().Lookup(&context, request, &response));
      });
  if (!status.ok()) return status;
  return response;
}

std::unique_ptr<AsyncCall> Client::LookupAsync(const v1::LookupRequest& request,
                                               LookupDone done,
                                               const CallOptions& options) {
  return impl_->LookupAsync(request, std::move(done), options);
}

absl::Status Client::BatchLookup(const v1::BatchLookupRequest& request,
                                 absl::FunctionRef<void(BatchAnswer)> answered,
                                 const CallOptions& options) {
  return impl_->Batch(request, answered, options);
}

absl::Status Client::Put(const v1::PutRequest& request,
                         const CallOptions& options) {
  return impl_->WithRetries(options, [&](grpc::ClientContext& context) {
    v1::PutResponse response;
    return FromGrpc(impl_->stub().Put(&context, request, &response));
  });
}

absl::Status Client::Forget(const v1::ForgetRequest& request,
                            const CallOptions& options) {
  return impl_->WithRetries(options, [&](grpc::ClientContext& context) {
    v1::ForgetResponse response;
    return FromGrpc(impl_->stub().Forget(&context, request, &response));
  });
}

}  // namespace frontrunner
