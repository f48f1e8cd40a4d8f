#include "server/rpc/prefetch_watch_handler.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "frontrunner/v1/admin.pb.h"
#include "server/rpc/prefetch_progress.h"

namespace frontrunner {

void PrefetchWatchHandler::Handle(ServerCall& call) {
  auto request =
      PrefetchRequestOrRefuse<v1::WatchPrefetchRequest>(parts_, call);
  if (!request || RefusedForItsId(parts_, call, request->id())) return;
  const auto stream = std::make_shared<LatestValueStream>(call);
  if (const auto refusal = streams_.Add(stream)) {
    call.Finish(parts_.errors->Refused(*refusal));
    return;
  }
  const uint64_t watch = parts_.control->Watch(
      std::move(*request->mutable_id()),
      [stream, errors = parts_.errors](absl::StatusOr<PrefetchView> view) {
        if (!view.ok()) {
          stream->Finish(FailedPrefetchReply(*errors, view.status()));
          return;
        }
        const bool finished = view->finished;
        stream->Offer([view = *std::move(view)] {
          return ProgressToProto(view).SerializeAsString();
        });
        if (finished) stream->Finish({});
      });
  stream->Begin([this, watch, &stream = *stream] {
    parts_.control->Unwatch(watch);
    streams_.Remove(stream);
  });
}

void PrefetchWatchHandler::EndWatches() {
  for (const auto& stream : streams_.Close()) {
    stream->Abort(parts_.errors->Refused(Refusal::kDraining));
  }
}

}  // namespace frontrunner
