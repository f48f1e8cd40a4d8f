#include "client/queue_commands.h"

#include "absl/strings/str_cat.h"
#include "client/admin_json.h"
#include "client/json.h"
#include "client/queue_listing.h"
#include "client/text.h"
#include "client/watching.h"

namespace frontrunner {
namespace {

class QueueRunner {
 public:
  explicit QueueRunner(AdminSession& session)
      : session_(session), options_(session.options.queue) {}

  ExitCode Run() {
    switch (options_.verb) {
      case QueueOptions::Verb::kList:
        return Show(session_, [this] { return List(); });
      case QueueOptions::Verb::kShow:
        return Show(session_, [this] { return One(); });
      case QueueOptions::Verb::kWidth: {
        v1::SetQueueWidthRequest request;
        request.set_queue(options_.queue);
        request.set_width(static_cast<int>(options_.width.value_or(0)));
        return Changed(session_.client.SetQueueWidth(request));
      }
      case QueueOptions::Verb::kPause: {
        v1::PauseQueueRequest request;
        request.set_queue(options_.queue);
        return Changed(session_.client.PauseQueue(request));
      }
      case QueueOptions::Verb::kResume: {
        v1::ResumeQueueRequest request;
        request.set_queue(options_.queue);
        if (options_.width) {
          request.set_width(static_cast<int>(*options_.width));
        }
        return Changed(session_.client.ResumeQueue(request));
      }
      case QueueOptions::Verb::kCancel:
        return Cancel();
      case QueueOptions::Verb::kPriority:
        return Reprioritise();
      case QueueOptions::Verb::kClear:
        return Clear();
    }
    return kUsage;
  }

 private:
  absl::StatusOr<std::string> List() {
    const auto queues = session_.client.ListQueues();
    if (!queues.ok()) return queues.status();
    return session_.options.json ? ToJson(*queues) + "\n"
                                 : ListQueuesText(*queues);
  }

  absl::StatusOr<std::string> One() {
    v1::GetQueueRequest request;
    request.set_queue(options_.queue);
    request.set_max_jobs(static_cast<int>(options_.max_jobs.value_or(0)));
    const auto queue = session_.client.GetQueue(request);
    if (!queue.ok()) return queue.status();
    return session_.options.json ? QueueToJson(*queue) + "\n"
                                 : QueueText(*queue);
  }

  ExitCode Cancel() {
    v1::CancelJobRequest request;
    request.set_queue(options_.queue);
    request.set_id(static_cast<uint64_t>(*options_.job));
    const auto response = session_.client.CancelJob(request);
    return Done(response, absl::StrCat("cancelled job ", *options_.job, " of ",
                                       Printable(options_.queue), "\n"));
  }

  ExitCode Reprioritise() {
    v1::ReprioritiseJobRequest request;
    request.set_queue(options_.queue);
    request.set_id(static_cast<uint64_t>(*options_.job));
    request.set_priority(static_cast<int>(*options_.priority));
    const auto response = session_.client.ReprioritiseJob(request);
    return Done(
        response,
        absl::StrCat("job ", *options_.job, " of ", Printable(options_.queue),
                     " has priority ", *options_.priority, "\n"));
  }

  ExitCode Clear() {
    v1::ClearQueueRequest request;
    request.set_queue(options_.queue);
    const auto response = session_.client.ClearQueue(request);
    const int cancelled = response.ok() ? response->cancelled() : 0;
    return Done(response, absl::StrCat("cancelled ", cancelled,
                                       cancelled == 1 ? " pending job of "
                                                      : " pending jobs of ",
                                       Printable(options_.queue), "\n"));
  }

  ExitCode Changed(const absl::StatusOr<v1::Queue>& queue) {
    return Done(queue, queue.ok() ? QueueSentence(*queue) : "");
  }

  template <typename Response>
  ExitCode Done(const absl::StatusOr<Response>& response,
                const std::string& sentence) {
    if (!response.ok()) {
      return TellFailure(session_.output, session_.options.json,
                         response.status());
    }
    session_.output.out << (session_.options.json ? ToJson(*response) + "\n"
                                                  : sentence);
    return kFound;
  }

  AdminSession& session_;
  const QueueOptions& options_;
};

}  // namespace

ExitCode RunQueue(AdminSession& session) { return QueueRunner(session).Run(); }

}  // namespace frontrunner
