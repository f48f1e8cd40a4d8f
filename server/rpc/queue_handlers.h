#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/errors.h"
#include "server/rpc/transport.h"
#include "server/wrappers/dispatch_queue.h"

namespace frontrunner {

/// The dispatch queues of a server, by name.
using QueuesByName =
    std::map<std::string, std::shared_ptr<DispatchQueue>, std::less<>>;

/// The calls of AdminService that have to do with dispatch queues: ListQueues,
/// GetQueue, SetQueueWidth, PauseQueue, ResumeQueue, CancelJob,
/// ReprioritiseJob and ClearQueue. Each is answered inside Handle.
class QueueHandlers {
 public:
  /// `errors` outlives this; the loops of the queues do, too.
  QueueHandlers(const std::vector<std::shared_ptr<DispatchQueue>>& queues,
                const Errors& errors);
  QueueHandlers(const QueueHandlers&) = delete;
  QueueHandlers& operator=(const QueueHandlers&) = delete;

  /// This outlives the transports they are given to, and their calls.
  std::vector<Route> routes() const;

 private:
  template <typename Request, typename Response>
  void Add(std::string_view method,
           absl::StatusOr<Response> (*answer)(const QueuesByName&,
                                              const Request&));

  const Errors& errors_;
  QueuesByName queues_;
  std::vector<std::pair<std::string, std::unique_ptr<Handler>>> handlers_;
};

}  // namespace frontrunner
