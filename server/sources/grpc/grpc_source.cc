#include "server/sources/grpc/grpc_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sources/grpc/lookup_answer.h"

namespace frontrunner {
namespace {

class GrpcAttempt final : public Attempt {
 public:
  explicit GrpcAttempt(std::unique_ptr<ClientCall> call)
      : call_(std::move(call)) {}

 private:
  const std::unique_ptr<ClientCall> call_;
};

}  // namespace

GrpcSource::GrpcSource(Loop& loop, Settings settings,
                       std::unique_ptr<ClientChannel> channel)
    : loop_(loop),
      settings_(std::move(settings)),
      channel_(std::move(channel)),
      target_(std::make_shared<const std::string>(channel_->target())) {}

GrpcSource::~GrpcSource() = default;

std::unique_ptr<Attempt> GrpcSource::Start(const Query& query, Done done) {
  ClientRequest request;
  request.method = kLookupMethod;
  request.message = LookupRequestOf(query);
  request.metadata.emplace_back("frontrunner-hops",
                                absl::StrCat(query.call->hops + 1));
  request.deadline = DeadlineOf(query);
  request.slot = query.slot;
  auto answered = [&loop = loop_, target = target_, deadline = query.deadline,
                   done = std::move(done)](const ClientReply& reply) mutable {
    Outcome outcome = OutcomeOf(reply, *target);
    // It may have come in time and waited for this loop.
    if (outcome.ok() && loop.Now() >= deadline) {
      outcome = absl::DeadlineExceededError(
          absl::StrCat(*target, ": answered after the deadline"));
    }
    std::move(done)(std::move(outcome));
  };
  return std::make_unique<GrpcAttempt>(
      channel_->Start(std::move(request), std::move(answered)));
}

TimePoint GrpcSource::DeadlineOf(const Query& query) const {
  if (!settings_.timeout || connectivity() == Connectivity::kOpening) {
    return query.deadline;
  }
  return std::min(query.deadline, loop_.Now() + *settings_.timeout);
}

Connectivity GrpcSource::connectivity() const {
  return channel_->connectivity();
}

void GrpcSource::WhenOpened(absl::AnyInvocable<void() &&> opened) {
  channel_->WhenOpened(std::move(opened));
}

}  // namespace frontrunner
