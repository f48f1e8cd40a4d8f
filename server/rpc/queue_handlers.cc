#include "server/rpc/queue_handlers.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "frontrunner/v1/admin.pb.h"
#include "server/base/strings.h"
#include "server/rpc/admin_request.h"
#include "server/rpc/queue_view.h"
#include "server/rpc/text.h"

namespace frontrunner {
namespace {

/// A status of a queue as a call's failure: its message becomes a sentence.
Reply FailedReply(const absl::Status& status, const Errors& errors) {
  std::string message(status.message());
  if (!message.empty()) message[0] = absl::ascii_toupper(message[0]);
  message += '.';
  if (status.code() == absl::StatusCode::kInvalidArgument) {
    return AsReply(errors.Plain(Reason::kInvalidRequest, message));
  }
  return {.code = status.code(), .message = CleanAndShorten(message, 1024)};
}

template <typename Request, typename Response>
class AnsweringHandler final : public Handler {
 public:
  using Answer = absl::StatusOr<Response> (*)(const QueuesByName&,
                                              const Request&);
  AnsweringHandler(Answer answer, const QueuesByName& queues,
                   const Errors& errors)
      : answer_(answer), queues_(queues), errors_(errors) {}

  void Handle(ServerCall& call) override {
    const auto request = DecodeOrRefuse<Request>(call, errors_);
    if (!request) return;
    const absl::StatusOr<Response> response = answer_(queues_, *request);
    call.Finish(response.ok() ? Reply{.response = response->SerializeAsString()}
                              : FailedReply(response.status(), errors_));
  }

 private:
  const Answer answer_;
  const QueuesByName& queues_;
  const Errors& errors_;
};

absl::StatusOr<DispatchQueue*> Find(const QueuesByName& queues,
                                    std::string_view name) {
  const auto found = queues.find(name);
  if (found != queues.end()) return found->second.get();
  const std::string shown = CleanAndShorten(name, 128);
  if (queues.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no queue \"", shown,
                     "\": no source of this server has a limit"));
  }
  return absl::NotFoundError(absl::StrCat(
      "there is no queue \"", shown, "\"; there is ",
      absl::StrJoin(queues, ", ", [](std::string* out, const auto& each) {
        absl::StrAppend(out, "\"", each.first, "\"");
      })));
}

absl::StatusOr<v1::ListQueuesResponse> List(const QueuesByName& queues,
                                            const v1::ListQueuesRequest&) {
  v1::ListQueuesResponse response;
  for (const auto& [name, queue] : queues) {
    *response.add_queues() = QueueToProto(*queue);
  }
  return response;
}

absl::StatusOr<v1::GetQueueResponse> Get(const QueuesByName& queues,
                                         const v1::GetQueueRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  return QueueWithJobs(**queue, request.max_jobs());
}

absl::StatusOr<v1::Queue> SetWidth(const QueuesByName& queues,
                                   const v1::SetQueueWidthRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  const absl::Status set = (*queue)->SetWidth(request.width());
  if (!set.ok()) return set;
  return QueueToProto(**queue);
}

absl::StatusOr<v1::Queue> Pause(const QueuesByName& queues,
                                const v1::PauseQueueRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  (*queue)->Pause();
  return QueueToProto(**queue);
}

absl::StatusOr<v1::Queue> Resume(const QueuesByName& queues,
                                 const v1::ResumeQueueRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  std::optional<int> width;
  if (request.has_width()) width = request.width();
  const absl::Status resumed = (*queue)->Resume(width);
  if (!resumed.ok()) return resumed;
  return QueueToProto(**queue);
}

absl::StatusOr<v1::CancelJobResponse> Cancel(
    const QueuesByName& queues, const v1::CancelJobRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  const absl::Status cancelled = (*queue)->Cancel(request.id());
  if (!cancelled.ok()) return cancelled;
  return v1::CancelJobResponse();
}

absl::StatusOr<v1::ReprioritiseJobResponse> Reprioritise(
    const QueuesByName& queues, const v1::ReprioritiseJobRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  const absl::Status moved =
      (*queue)->Reprioritise(request.id(), request.priority());
  if (!moved.ok()) return moved;
  return v1::ReprioritiseJobResponse();
}

absl::StatusOr<v1::ClearQueueResponse> Clear(
    const QueuesByName& queues, const v1::ClearQueueRequest& request) {
  const auto queue = Find(queues, request.queue());
  if (!queue.ok()) return queue.status();
  v1::ClearQueueResponse response;
  response.set_cancelled(static_cast<int32_t>((*queue)->ClearPending()));
  return response;
}

}  // namespace

template <typename Request, typename Response>
void QueueHandlers::Add(std::string_view method,
                        absl::StatusOr<Response> (*answer)(const QueuesByName&,
                                                           const Request&)) {
  handlers_.emplace_back(
      absl::StrCat("/frontrunner.v1.AdminService/", Absl(method)),
      std::make_unique<AnsweringHandler<Request, Response>>(answer, queues_,
                                                            errors_));
}

QueueHandlers::QueueHandlers(
    const std::vector<std::shared_ptr<DispatchQueue>>& queues,
    const Errors& errors)
    : errors_(errors) {
  for (const auto& queue : queues) queues_.emplace(queue->name(), queue);
  Add("ListQueues", List);
  Add("GetQueue", Get);
  Add("SetQueueWidth", SetWidth);
  Add("PauseQueue", Pause);
  Add("ResumeQueue", Resume);
  Add("CancelJob", Cancel);
  Add("ReprioritiseJob", Reprioritise);
  Add("ClearQueue", Clear);
}

std::vector<Route> QueueHandlers::routes() const {
  std::vector<Route> routes;
  routes.reserve(handlers_.size());
  for (const auto& [method, handler] : handlers_) {
    routes.push_back({.method = method, .handler = handler.get()});
  }
  return routes;
}

}  // namespace frontrunner
